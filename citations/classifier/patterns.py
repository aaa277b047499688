"""The words that tell a role or a polarity: patterns with points, and the points of section kinds.

Owns the tables alone; ``cues.py`` reads them. All were written for this project. The points are
whole and half ones given by judgement, looked over on the training files that docs/accuracy.md
names; none is the outcome of a fit.
"""

from __future__ import annotations

# Each line of a table: points, then a pattern, a row of words. "use|used" is either; "compar*" any
# word that begins so; "the?" may be missing; ".." stands for up to three words, "..." for up to eight.
# Words in capitals stand for the lists below, TARGET for the citation in question, OTHER for another
# one. A line that begins with "|" goes on with the one before.
WORDS = {
    "WE": "we|i",
    "OUR": "our|my",
    "BE": "is|are|was|were|be|been|being",
    "WAS": "was|were",
    "HAS": "has|have|had",
    "CITE": "TARGET|OTHER",
    "USE": "use|used|uses|using|employ|employed|employs|employing|utilize|utilized|utilizes|utilizing"
    "|utilise|utilised|adopt|adopted|adopts|adopting|apply|applied|applies|applying",
    "DO": "use|used|employ|employed|utilize|utilized|utilise|utilised|adopt|adopted|apply|applied|follow"
    "|followed|implement|implemented|ran|trained|train|perform|performed|compute|computed|calculated"
    "|calculate|estimated|measured|assessed|conducted|chose|choose|selected|select|rely|relied|borrow"
    "|borrowed|tested|converted|parsed|parse|tagged|annotated|run|evaluated|evaluate|construct|constructed"
    "|extracted|extract|generated|generate|obtained|obtain|define|defined|modeled|modelled|normalized"
    "|incorporate|incorporated",
    "DONE": "used|employed|utilized|utilised|adopted|applied|followed|implemented|trained|performed"
    "|computed|calculated|estimated|measured|assessed|conducted|selected|chosen|tested|extracted|generated"
    "|obtained|analyzed|analysed|determined|quantified|scored|prepared|purified|amplified|normalized"
    "|isolated|constructed|collected|defined|modeled|modelled|carried|administered|recorded|cultured"
    "|processed|stained|sequenced|transfected|cloned|evaluated|identified|examined|screened|aligned|derived"
    "|fitted|corrected|coded|rated|parsed|tagged|annotated|tokenized|optimized|optimised|initialized"
    "|monitored|treated|synthesized|grown",
    "TOOL": "method|methods|protocol|protocols|procedure|procedures|algorithm|algorithms|technique"
    "|techniques|software|package|packages|toolkit|tool|tools|program|scale|scales|questionnaire|inventory"
    "|index|score|scores|test|tests|assay|assays|primers|kit|version|implementation|library|framework"
    "|formula|equation|equations|criteria|guidelines|instrument|interview|subscale|checklist|parser|tagger"
    "|decoder|classifier|metric|metrics|measure|estimator|approach|system|model|models|design"
    "|classification|analyzer|simulator|plugin|pipeline",
    "DATA": "dataset|datasets|data|corpus|corpora|treebank|benchmark|benchmarks|database|databases|testbed"
    "|test-set|wordnet|ontology|lexicon|repository|archive|testset|data-set|annotations|treebanks",
    "CORPUS": "dataset|datasets|corpus|corpora|treebank|treebanks|benchmark|benchmarks|database|databases"
    "|lexicon|repository",
    "RESULTS": "result|results|finding|findings|observation|observations|conclusion|conclusions|data"
    "|estimates|value|values|outcome|outcomes",
    "STUDIES": "study|studies|report|reports|work|works|research|investigation|investigations|experiment"
    "|experiments|literature|publication|publications|authors|researchers|findings|results|observations"
    "|data",
    "EARLIER": "previous|previously|earlier|prior|other|past|published|existing|former|recent|literature",
    "SHOW": "show|shows|showed|shown|demonstrate|demonstrated|demonstrates|demonstrating|find|found|finds"
    "|report|reported|reports|observe|observed|observes|suggest|suggested|suggests|indicate|indicated"
    "|indicates|reveal|revealed|conclude|concluded|prove|proved|proven|noted|noticed|argue|argued|argues"
    "|claimed|claim|showing",
    "EXTEND": "extend|extended|extends|extending|generalize|generalized|generalizes|modify|modified"
    "|modifies|augment|augmented|refine|refined|adapt|adapted|adapts|enhance|enhanced|improve|improved"
    "|revise|revised",
    "MORE": "higher|lower|greater|smaller|larger|better|worse|faster|slower|less|more|longer|shorter"
    "|stronger|weaker|fewer|lesser|poorer",
    "AGREE": "consistent|agreement|accordance|accord|line|concordance|concordant|keeping|congruent"
    "|compatible|consonant|conformity|coherent|consonance|agree|agrees|agreed|compliance|concert|harmony"
    "|parallel|parallels|correspond|corresponds|consistently",
    "SOME": "several|many|various|numerous|most|some|number|different|few|recent|variety|growing",
}

ROLE_CUES = {
    "method": """
        3    WE .. DO
        1    we TARGET
        2.5  WAS .. DONE
        1    is|are|be DONE
        1    using
        1    using the|a|an|both|our
        1.5  using .. TOOL
        1    using ... TARGET
        1.5  TARGET using
        2    used to calculate|estimate|measure|assess|determine|evaluate|compute|obtain|identify
             |analyze|quantify|test
        1.5  to calculate|measure|assess|compute|quantify|estimate
        2    as .. described|outlined|detailed|explained|reported .. previously|elsewhere|by|in|TARGET
        1    described|detailed|outlined in|by|elsewhere|previously|TARGET
        2.5  previously described|published|established|validated
        2.5  described|published|detailed|established|reported previously|elsewhere|earlier|before
        1    previously|elsewhere TARGET
        2.5  according to .. method|methods|protocol|procedure|criteria|guidelines|manufacturer*
             |recommendations|formula
        1    according to
        2    following|follow .. TARGET
        1.5  following the? .. method|procedure|protocol|approach|criteria|guidelines|recommendations
        1.5  TOOL TARGET
        1    the TOOL of|by|from|in|proposed|described|developed|introduced ... TARGET
        1    TARGET TOOL
        1    TARGET WAS|to|for|with|is
        1    based on the? ... TARGET
        1.5  was|were based on
        1    software|package|toolkit|questionnaire|inventory|primers|plasmid|plasmids|subscale|assay
             |kit|protocol|procedure
        1    algorithm|algorithms|implementation|implemented|parameters|parameter|optimization|equation
             |formula
        1    participants|respondents|subjects|items|samples were|was|completed|rated
        1.5  modified|adapted .. from|by|version
        1    by means|way of
        1.5  with the help|aid of
        1    version 0
        1    this|current|present paper|work|article|section|experiment|experiments we
        1.5  in our experiments|system|implementation|approach|model|analysis
        1    for details|detail|description see
        2    default settings|parameters
        1    for each
        1    we
        2    validated|reliable .. scale|instrument|questionnaire|measure
        1.5  toolkit|software|parser|tagger available|which|version
        """,
    "dataset": """
        3    USE ... CORPUS
        3.5  WE .. DO .. on|from|with|in ... CORPUS
        3    trained|evaluated|tested|extracted|taken on|from .. CORPUS
        2    USE ... data TARGET|from|set|sets
        2    CORPUS TARGET
        1.5  data|annotations|sentences|texts TARGET
        2    CORPUS BE DONE
        1.5  TARGET CORPUS
        2    from|on|with the? .. CORPUS
        2    trained|evaluated|tested|experiments|experiment on
        2    downloaded|retrieved from
        1.5  obtained|taken|extracted|drawn|collected from
        2    data .. from|available
        1.5  publicly available
        1.5  training|test|development set|sets|corpus|data
        2    sections 0
        1    section 0 of the? penn|wsj|treebank
        1    portion of the?
        1    consists|consisting|comprises|contains of? .. sentences|words|documents|images|patients
             |samples|articles
        """,
    "baseline": """
        2.5  reported|achieved|obtained|achieves|reports|give|gives|yields a|an|the? .. correlation
             |accuracy|rate|score|result|f-score
        1.5  correlation|accuracy|score|f-measure|precision|recall of
        2.5  best known|published|reported|performance|results|result
        2    rival*
        2    relative|absolute reduction|improvement|gain
        2    we also|then compare
        1.5  RESULTS reported|obtained|published|presented .. by|in|for|here ... TARGET
        3    baseline|baselines
        2.5  WE|OUR ... outperform*
        2    outperform*
        2    compete*|comparable with|to|performance|results
        2    WE .. compare .. with|to|against
        2.5  compare|compared|comparing .. with|to|against ... baseline|state-of-the-art|methods
             |systems|algorithms|TARGET
        1.5  best .. result|results|performance|system|published|score
        1.5  improve*|improvement|gain over|upon|on the? .. TARGET
        2    error rate|reduction
        2    f-score|f-measure|bleu|accuracy|recall of|than
        1.5  MORE .. performance|accuracy|results than
        1    state-of-the-art
        1    achieve*|obtain*|attain* ... accuracy|f-score|f-measure|precision|performance|score|scores
        1.5  reported|achieved|obtained by|in TARGET
        1    same test|data|training|dataset ... TARGET
        1    worse|better than
        """,
    "comparison": """
        1    cf TARGET|OTHER
        2    reminiscent|akin of|to
        2    resembl*|resemblance
        1.5  analogous|analogously|similar|related|close|comparable|equivalent to
        1.5  same as
        1    differ|differs|differed|differing|differences
        1    instead of
        1    rather than
        1.5  compare|compares|compared .. with|to|this|these|our
        1    in spirit
        2.5  AGREE with
        1.5  AGREE with ... TARGET
        1    consistent|agreement|accordance|concordance|accord
        2    similar .. results|result|findings|finding|observations|trend|trends|pattern|patterns|values
        2    similar to .. those|that|previous|what|findings|results|results|our|ours
        1    similar|similarly|comparable|likewise|analogous
        1    comparable to|with
        2    OUR .. RESULTS|study|finding
        1    OUR
        2    these|this|present|current RESULTS
        1.5  present|current study
        1.5  RESULTS BE .. in|similar|consistent|comparable|supported|with
        1.5  RESULTS of|from|by|reported|obtained|in|TARGET .. TARGET
        1    results|findings
        1.5  EARLIER STUDIES
        1.5  with EARLIER|those|that|other|STUDIES
        1.5  to|from EARLIER|those|other STUDIES|reported|found|of
        1.5  those|that of|reported|obtained|found|from|in .. TARGET
        2.5  contrary|contrast|opposed|opposite to|with
        1    contrary|contrast
        2    unlike .. STUDIES|TARGET|our
        1    unlike|whereas|conversely
        2    differ|differs|differed|different|differently from|than
        2.5  contradict*|disagree*|discrepan*|inconsistent|discordant|conflict*|disagreement
        2    confirm*|corroborat*|replicat*|validat*|reinforc*|strengthen* .. STUDIES|RESULTS|that
             |previous|TARGET
        1    confirm*|corroborat*|replicat*
        2    support*|supported by? .. RESULTS|STUDIES|previous|our|the|this
        1.5  TARGET|who also|did|similarly SHOW
        1    also SHOW
        1.5  TARGET who
        1    STUDIES|TARGET that|who|which|where SHOW
        1    MORE ... than
        1.5  MORE ... than .. TARGET|those|that|reported|previous*|our
        1    compared|comparison|comparing to|with
        1.5  compared .. with|to ... TARGET|STUDIES|previous
        1.5  we .. SHOW
        1    did|was|were not
        1    SHOW|obtained|described by TARGET
        1    as SHOW in|by
        1    expected|unexpected|surprising*|explained
        2    related|similar|closest|closely to OUR|ours
        2    OUR approach|work|method|model|system|algorithm ... different|differs|similar|from|than|unlike
        1    in that|contrast
        """,
    "extension": """
        3    OUR previous|earlier|prior|own
        2    follow our
        2    companion paper
        3    WE .. EXTEND
        3    extend*|extension|extensions|generaliz* of|the|to|their|our|TARGET
        1.5  extension|extended|extending|generalization
        2.5  build|builds|building|built on|upon
        3    modified|extended|adapted|improved|simplified|revised version|form|variant of
        2    variant|variation|modification|adaptation of
        3.5  OUR previous|earlier|prior|own|recent work|works|system|model|study|paper|approach|method
             |research
        1.5  we|our previously
        1.5  in our .. TARGET
        1    modif*
        """,
    "motivation": """
        2.5  would like to
        1.5  might|could|should|would also? investigate|explore|benefit|help|allow|improve
        1    future
        1.5  possible|another .. extension|direction|improvement|possibility
        3.5  inspired|motivated|prompted|encouraged by
        2    inspir*|motivat*
        3.5  future work|works|research|studies|directions|direction|investigation*|experiments
        3    in the future
        2    further|more|additional|future research|studies|work|investigation|experiments .. needed
             |required|warranted|necessary|should
        2    remain|remains|remained .. unclear|unknown|open|elusive|controversial|challenge
             |challenging|unresolved
        1.5  unclear|unknown
        2    little|few|limited|scarce|no|scant .. studies|research|attention|known|work|evidence
             |information|study
        1    lack|lacks|lacking of?
        2    not|never .. been .. studied|explored|investigated|addressed|examined|reported|established
             |evaluated
        2    best of our knowledge
        2    WE .. plan|intend|hope|aim to
        2    would|could|might be .. interesting|useful|possible|worth*|desirable|beneficial
        1    needed|need for|to
        1    gap|gaps
        1    should be
        """,
    "evidence": """
        1    assumption|hypothesis|principle|argument|suggestion|intuition|observation|insight
             |theory of|that|made|from
        1    CITE .. argue|argues|argued|observes|observed|suggests|notes|noted|pointed|claims|claim
             |recommend
        3    as pointed|noted|argued|observed|shown|demonstrated|established .. by|in|out
        1.5  as|been .. pointed|noted|argued|verified|observed|established|shown
        .5   because|since
        3    because|since|as .. HAS|BE .. been? .. shown|proven|proved|demonstrated|known|found
        3.5  we|was|were .. choose|chose|chosen|selected|decided .. because|since|as|based|due
        2    as suggested|recommended|advocated|proposed|argued by|in
        1.5  recommended|justif*|rationale
        1    HAS been .. shown|proven|proved|demonstrated|found|reported
        1    evidence that|for|suggests|from|suggesting
        1    CITE .. SHOW that
        1    it HAS been SHOW
        1    shown|demonstrated|suggested|known|thought|believed to
        1.5  shown|proved|proven|found to be .. effective|useful|reliable|valid|important|successful
             |beneficial|better
        1    therefore|thus|hence we|our
        1    intuition|insight|insights|hypothesis|assumption of|that|from
        """,
    "background": """
        1    such as
        1    for example|instance
        1    e g
        1.5  HAS been .. widely|extensively|proposed|studied|developed|investigated|associated
             |identified|implicated|suggested|described|linked
        1.5  BE .. known|considered|called|characterized|regarded|thought|believed|referred|recognized
        .5   recent|recently|traditionally|historically
        1    SOME .. studies|approaches|methods|authors|researchers|techniques|models|works|systems
             |applications
        1.5  play|plays|played|playing .. role|roles
        1    role in|of
        1.5  involved|implicated|participate|participates in
        1    associated with
        1    regulate*|promote*|inhibit*|induce*|activate*|mediate*|affect|affects|affecting
        1    lead|leads|leading|contribute|contributes|due to
        .5   may|might|can|could
        1    can|may|could be
        .5   is a|an|the|one
        1    review*|overview|survey*|see
        1    introduced|proposed|developed|presented by|a|an|the
        1    important|major|key|common|main|critical|essential|crucial
        1    HAS|have also? been
        .5   it is|has|was
        .5   or
        1    in contrast|addition|particular|turn
        .5   they|their|there
        1    OTHER OTHER
        .5   OTHER
        1    work|research|efforts|literature on|in|has|have
        1    generally|typically|often|usually|commonly|frequently|mainly|primarily|particularly|especially
        1    worldwide|prevalence|incidence|million
        """,
}

POLARITY_CUES = {
    "supports": """
        3    AGREE with
        2    AGREE .. with ... TARGET
        2    confirm*|corroborat*|replicat*|reinforc*|validat* .. RESULTS|STUDIES|previous|the|that|by
             |TARGET
        2    support|supports|supported|supporting by|the|our|this|these|RESULTS
        2    similar|comparable .. results|result|findings|finding|observations|trend|trends
        1.5  similar|comparable to .. those|that|reports|reported|previous|other|findings|results|our|ours
        1    similarly|likewise
        1.5  RESULTS|TARGET also
        1.5  state-of-the-art|state-of-theart
        2    successful|successfully|success|promising
        1    widely|commonly used|adopted|accepted|applied
        1.5  shown|proved|proven|found to be .. effective|useful|reliable|valid|accurate|robust
             |efficient|successful
        1    effective|efficient|accurate|robust|powerful|popular|elegant|excellent
        1.5  achieve*|obtain*|yield* .. high|good|best|better|excellent|significant|state-of-the-art
             |competitive|great
        2    significant|substantial|considerable|dramatic improvement*|gains|progress|advances
        2    well|good AGREE
        1    as expected|predicted|reported|found
        """,
    "disputes": """
        3    contrary|opposed|opposite to
        2.5  contrast to|with .. STUDIES|RESULTS|TARGET|EARLIER|the|our
        3    contradict*|inconsistent|disagree*|discordant|refut*|discrepan*|disagreement|incompatible
             |conflicting
        2    conflict*|odds with
        3    not|cannot .. AGREE|supported|confirmed|replicated|confirm|support|replicate|reproduce|observed
        1.5  differ|differs|differed|different from|than .. TARGET|those|STUDIES|the|that
        1.5  unlike|whereas
        2    did not .. find|observe|show|detect|see|confirm|report|reveal|differ|improve
        1.5  found|find|showed|observed no
        1.5  no significant|difference|differences|effect|evidence|association|correlation|benefit
        2    fail|fails|failed|failure|unable to
        2    drawback*|shortcoming*|weakness*|limitation*|flaw*|disadvantage* of|in|is|are|TARGET
        1.5  suffer|suffers|suffered from
        1    however|unfortunately|nevertheless
        1    but|though|although
        1.5  TARGET but
        1    cannot|not
        2    do|does|is not .. capture|account|consider|scale|address|generalize|work|handle|take
             |provide|perform|model|allow
        2    overestimat*|underestimat*|incorrect*|inaccura*|wrong*|flawed|misleading|questionable
             |problematic|unreliable
        2    criticiz*|criticis*|challenged|questioned|cast doubt
        1    MORE than
        1.5  MORE than .. TARGET|those|that|reported|previous*
        1    outperform*|outperformed
        1    only|difficult|poor|poorly|expensive|costly|complex|ignore|ignores|ignored|limited|lack|lacks
        """,
    "qualifies": """
        4    partial*|partly .. AGREE|support*|confirm*|explain*|contrast|in
        3    some extent|degree
        2    exception of
        2    certain conditions|circumstances|cases
        2    not necessarily|always|fully|entirely|completely
        2    at least in? part|partly|partially
        1.5  only .. when|if|under|partially|in|for
        1    caution|caveat|interpreted
        1    depend|depends|depending|dependent on|upon
        """,
}

# What the kind of section says on its own, in the same points.
SECTION_POINTS = {
    "methods": {"method": 2.0, "dataset": 1.5},
    "introduction": {"background": 1.5, "motivation": 0.5},
    "related-work": {"background": 1.5},
    "abstract": {"background": 0.5},
    "results": {"comparison": 0.5},
    "discussion": {"comparison": 1.5, "background": 0.5},
    "conclusion": {"motivation": 0.5, "background": 0.5},
}
# Before any word is read: most citations are background, and special roles are rare.
ROLE_START = {
    "background": 1.0,
    "method": 0.0,
    "comparison": -0.5,
    "evidence": -0.5,
    "dataset": -1.0,
    "motivation": 0.0,
    "baseline": -0.5,
    "extension": -0.5,
}
POLARITY_START = {"neutral": 1.5, "supports": 0.0, "disputes": -0.5, "qualifies": -1.0}
