// Runs before anything is painted, so that a chosen theme never shows late. The choice is made in explorer.js.
"use strict";
{
  let theme = "auto";
  try {
    theme = localStorage.getItem("theme") || theme;
  } catch {
    // A browser that keeps nothing follows the system.
  }
  document.documentElement.dataset.theme = theme;
}
