"use strict";
// Before the first paint: the colours chosen here, where somebody chose; else the system's.
try {
  const chosen = localStorage.getItem("theme");
  if (chosen) document.documentElement.dataset.theme = chosen;
} catch { /* storage is closed: the system's colours it is */ }
