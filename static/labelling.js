// Single keys for the labelling screen. Everything works without: these press what is on the page.
"use strict";

(() => {
  const screen = document.querySelector(".labelling");
  const form = document.getElementById("label");
  const keys = document.getElementById("keys");
  const switched = document.getElementById("keys-on");
  const OFF = "labelling-keys-off";
  if (!screen) return;
  screen.classList.add("with-script");

  let remembered = false;
  try {
    remembered = localStorage.getItem(OFF) === "yes";
  } catch {
    // A browser that keeps nothing: keys are on at each page.
  }
  if (switched) {
    switched.checked = !remembered;
    switched.addEventListener("change", () => {
      try {
        localStorage.setItem(OFF, switched.checked ? "no" : "yes");
      } catch {
        // As above.
      }
    });
  }

  // A new page came: what was done is read aloud, and reading goes on at the sentence.
  const said = document.getElementById("said");
  const lines = [...said.children];
  if (lines.length) {
    said.replaceChildren();
    setTimeout(() => said.replaceChildren(...lines), 100);
  }
  const wrong = document.getElementById("role-errors");
  const first = wrong ? form.querySelector("[name=role]") : document.getElementById("sentence");
  first.focus({ preventScroll: !wrong });

  // Sent once, however often Enter is pressed.
  let sent = false;
  for (const one of document.querySelectorAll(".labelling form")) {
    one.addEventListener("submit", (event) => {
      if (sent) event.preventDefault();
      sent = true;
    });
  }
  window.addEventListener("pageshow", () => {
    sent = false;
  });

  const press = (id) => document.getElementById(id)?.click();

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.repeat) return;
    const at = event.target;
    if (at.matches("input[type=text], input[type=search], textarea, select")) return;
    if (event.key === "Enter") {
      if (!form || at.matches("a, button, summary, input")) return;
      event.preventDefault();
      press("save");
      return;
    }
    if (!switched?.checked && !(form === null && event.key === "z")) return;
    const choice = form?.querySelector(`input[data-key="${CSS.escape(event.key)}"]`);
    if (choice) {
      choice.checked = true;
      choice.focus({ preventScroll: true });
    } else if (event.key === "x") {
      press("skip");
    } else if (event.key === "z") {
      press("undo");
    } else if (event.key === "?" && keys) {
      keys.open = !keys.open;
    } else {
      return;
    }
    event.preventDefault();
  });
})();
