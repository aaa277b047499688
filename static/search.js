// Suggestions below the search box, as a combobox. Without this file the form works as it is.
"use strict";

for (const input of document.querySelectorAll("input[data-suggestions]")) {
  let active = -1;
  let asking = new AbortController();
  let timer;

  const set = (node, attributes) => {
    for (const name in attributes) node.setAttribute(name, attributes[name]);
    return node;
  };
  const make = (name, attributes, ...inner) => {
    const node = set(document.createElement(name), attributes);
    node.append(...inner);
    return node;
  };

  const id = `${input.id}-list`;
  const list = make("ul", { id, class: "suggestions", role: "listbox", "aria-label": input.dataset.name });
  const said = make("p", { class: "hidden", role: "status" });
  set(input, { role: "combobox", autocomplete: "off", "aria-autocomplete": "list", "aria-controls": id });
  input.parentElement.append(list, said);

  const mark = (place) => {
    list.children[active]?.setAttribute("aria-selected", "false");
    active = place;
    const option = list.children[active];
    if (option) {
      set(option, { "aria-selected": "true" }).scrollIntoView({ block: "nearest" });
      set(input, { "aria-activedescendant": option.id });
    } else input.removeAttribute("aria-activedescendant");
  };

  const show = (papers, words) => {
    mark(-1);
    list.replaceChildren(
      ...papers.map(({ title, lang, about, url }, place) =>
        make(
          "li",
          { id: `${id}-${place}`, role: "option", "aria-selected": "false", "data-url": url },
          make("span", lang ? { lang } : {}, title),
          " ",
          make("span", { class: "small" }, about),
        ),
      ),
    );
    list.hidden = !papers.length;
    set(input, { "aria-expanded": !list.hidden });
    said.textContent = words;
  };

  const stop = () => {
    clearTimeout(timer);
    asking.abort();
  };
  const close = () => {
    stop();
    show([], "");
  };
  const go = (option) => location.assign(option.dataset.url);

  const ask = async () => {
    asking = new AbortController();
    try {
      const query = new URLSearchParams({ q: input.value });
      const answer = await fetch(`${input.dataset.suggestions}?${query}`, { signal: asking.signal });
      const { papers, said } = await answer.json();
      show(papers, said);
    } catch {
      // Aborted by the next key, or no answer: the form is there.
    }
  };

  input.addEventListener("input", () => {
    stop();
    mark(-1);
    if (input.value.trim().length < 3) close();
    else timer = setTimeout(ask, 150); // ms after the last key
  });
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || list.hidden) return;
    const key = event.key;
    const last = list.children.length - 1;
    if (key === "ArrowDown") mark(active < last ? active + 1 : -1);
    else if (key === "ArrowUp") mark(active < 0 ? last : active - 1);
    else if (key === "Escape") close();
    else if (key === "Enter" && active >= 0) go(list.children[active]);
    else return;
    event.preventDefault();
  });
  input.addEventListener("blur", close);
  input.form.addEventListener("submit", stop);
  // Else the box loses the focus before the click.
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = event.target.closest("li");
    if (option) go(option);
  });
  close();
}
