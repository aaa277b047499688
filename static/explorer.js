// Keys, the choice of colours, ticks, and what htmx leaves open when the explorer is swapped: focus, folded
// parts, the back button. Everything works without: these press, follow and fetch what is on the page.
"use strict";

(() => {
  const byId = (id) => document.getElementById(id);
  const remembered = (name, where = "localStorage") => {
    try {
      return window[where].getItem(name);
    } catch {
      return null; // a browser that keeps nothing
    }
  };
  const remember = (name, value, where = "localStorage") => {
    try {
      window[where].setItem(name, value);
    } catch {
      // As above.
    }
  };

  // Colours: theme.js has read the choice before the page was painted.
  const theme = byId("theme");
  const root = document.documentElement;
  if (theme) {
    theme.value = root.dataset.theme;
    if (!theme.value) theme.value = "auto";
    theme.addEventListener("change", () => {
      root.dataset.theme = theme.value;
      remember("theme", theme.value);
    });
  }

  // Keys
  const help = byId("keys");
  const switched = byId("keys-on");
  if (switched) {
    switched.checked = remembered("keys") !== "off";
    switched.addEventListener("change", () => remember("keys", switched.checked ? "on" : "off"));
  }
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-keys]")) help?.showModal();
  });

  const items = () => [...document.querySelectorAll(".results > li")];
  const current = () => document.activeElement.closest(".results > li");

  const move = (step) => {
    const all = items();
    if (!all.length) document.querySelector(`.walk [rel=${step > 0 ? "next" : "prev"}]`)?.click();
    const item = all[current() ? all.indexOf(current()) + step : 0];
    if (!item) return;
    item.tabIndex = -1;
    item.focus();
  };

  // The search of the explorer where a reader sees the explorer, else that of the library.
  const search = () => {
    const box = document.querySelector(".explorer-frame")?.getBoundingClientRect();
    const inView = box && box.top < innerHeight && box.bottom > 0;
    if (inView) byId("filters").open = true;
    ((inView && byId("filter-q")) || byId("site-q") || byId("q"))?.focus();
  };

  const keys = {
    "/": search,
    j: () => move(1),
    k: () => move(-1),
    o: () => current()?.querySelector("[data-open]")?.click(),
    x: () => current()?.querySelector("input[type=checkbox]")?.click(),
    "?": () => help?.showModal(),
  };
  const TYPING = "input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable], dialog";

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    if (!switched?.checked || event.target.closest(TYPING) || !Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });

  // Ticks, kept for the visit: those of other pages and filters go along in the form as hidden fields.
  const BOXES = ".results .tick-box input";
  const frame = document.querySelector(".explorer-frame");
  const kept = `ticked ${frame?.dataset.hub}`;
  const ticked = new Set(JSON.parse(remembered(kept, "sessionStorage") || "[]"));

  const showTicks = () => {
    const form = byId("export");
    if (!form) return;
    const boxes = [...document.querySelectorAll(BOXES)];
    for (const box of boxes) box.checked = ticked.has(box.value);
    for (const one of form.querySelectorAll("[type=hidden][name=paper]")) one.remove();
    const shown = new Set(boxes.map((box) => box.value));
    for (const value of ticked) {
      if (shown.has(value)) continue;
      form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "paper", value }));
    }
    byId("ticked").value = ticked.size;
    remember(kept, JSON.stringify([...ticked]), "sessionStorage");
  };
  document.addEventListener("change", ({ target }) => {
    if (!target.matches(BOXES)) return;
    if (target.checked) ticked.add(target.value);
    else ticked.delete(target.value);
    showTicks();
  });
  document.addEventListener("click", ({ target }) => {
    if (target.id !== "untick") return;
    ticked.clear();
    showTicks();
  });
  showTicks();

  // The explorer, swapped by htmx
  if (!frame || !window.htmx) return;
  const here = () => location.pathname + location.search;
  let shown = here();
  let before = null;

  // An address says what was asked for, not which fields were left empty.
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    for (const [name, value] of [...detail.formData]) if (value === "") detail.formData.delete(name);
  });

  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    if (detail.target.id !== "explorer") return;
    detail.pathInfo.anchor = ""; // stays in the address; the reader stays where he is
    const at = document.activeElement;
    const asker = detail.requestConfig.elt;
    const folded = byId("filters").firstElementChild.getClientRects().length > 0;
    before = {
      id: at.id,
      inside: detail.target.contains(at),
      // What begins at the top again, as a page that is loaded does.
      top: asker.closest(".pages") || (folded && asker.matches("form")),
      open: [...detail.target.querySelectorAll("details[id][open]")].map((one) => one.id),
    };
  });

  document.addEventListener("htmx:afterSwap", () => {
    showTicks();
    if (!before) return;
    const { id, inside, top, open } = before;
    before = null;
    for (const one of open) {
      if (byId(one) && !(top && one === "filters")) byId(one).open = true;
    }
    const same = !top && id && byId(id);
    if (inside || top) (same || byId("found")).focus({ preventScroll: true });
    if (top) frame.scrollIntoView();
  });

  // What the server refuses, or a broken line, the browser shall show in its own way.
  for (const failure of ["htmx:responseError", "htmx:sendError"]) {
    document.addEventListener(failure, ({ detail }) => {
      const path = detail.pathInfo.finalRequestPath;
      if (path.split("#")[0] === here()) location.reload();
      else location.assign(path);
    });
  }

  // Back and forward: the part for the address is asked for like any other. htmx would only do so for entries
  // of its own, and not for the one that the page was opened with.
  document.addEventListener("htmx:pushedIntoHistory", () => {
    shown = here();
  });
  document.addEventListener("htmx:historyCacheMiss", (event) => event.preventDefault());
  window.addEventListener("popstate", () => {
    if (here() === shown) return;
    shown = here();
    htmx.ajax("GET", shown, { source: frame, target: "#explorer", swap: "innerHTML" });
  });
})();
