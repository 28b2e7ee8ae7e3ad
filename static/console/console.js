"use strict";
// Adds to pages that work without it: copy buttons, keys, colours, live parts, countdowns.

const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// --- Ids: a copy button with a name ---

function drawing(name) {
  const sprite = document.querySelector(".icon use").getAttribute("href").split("#")[0];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

function turn(button, name, label) {
  button.replaceChildren(drawing(name));
  button.setAttribute("aria-label", label);
  button.title = label;
}

async function copy(button, value) {
  await navigator.clipboard.writeText(value);
  turn(button, "tick", "Copied");
  button.classList.add("copied");
  setTimeout(() => {
    turn(button, "copy", `Copy ${value}`);
    button.classList.remove("copied");
  }, 1500);
}

function addCopyButtons(root) {
  if (!navigator.clipboard) return;
  for (const id of all("[data-copy]:not(:has(.copy))", root)) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    turn(button, "copy", `Copy ${id.dataset.copy}`);
    button.addEventListener("click", () => copy(button, id.dataset.copy));
    id.querySelector("code").after(button);
  }
}

// --- Keys: / and Ctrl-K to the search; j, k, x, Enter in lists ---

const search = document.getElementById("site-search-words");
const rows = () => all("#result_list tbody tr");
let here = -1;

function moveTo(index) {
  const list = rows();
  if (!list.length) return;
  list[here]?.classList.remove("here");
  here = Math.min(Math.max(index, 0), list.length - 1);
  list[here].classList.add("here");
  list[here].scrollIntoView({ block: "nearest" });
  list[here].querySelector("a")?.focus({ preventScroll: true });
}

const listKeys = {
  j: () => moveTo(here + 1),
  k: () => moveTo(here - 1),
  x: () => rows()[here]?.querySelector(".action-select")?.click(),
  Enter: () => rows()[here]?.querySelector("a")?.click(),
};

function onKey(event) {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && search) {
    event.preventDefault();
    search.focus();
    search.select();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return closeMenus(null);
  if (event.target.closest("input, select, textarea, button, summary, [contenteditable]")) return;
  if (event.key === "Enter" && event.target.closest("a")) return;
  const act = event.key === "/" && search ? () => search.focus() : listKeys[event.key];
  if (!act || (event.key !== "/" && !rows().length)) return;
  event.preventDefault();
  act();
}

// --- Menus: one open at a time, closed by a click elsewhere or Escape ---

function closeMenus(inside) {
  for (const menu of all("details.opens[open], details.header-menu[open]")) {
    if (inside && menu.contains(inside)) continue;
    menu.open = false;
    if (!inside) menu.querySelector("summary").focus();
  }
}

// --- Lists: how many are ticked, and all of the page at once ---

function followTicks() {
  const toggle = document.getElementById("action-toggle");
  const boxes = all(".action-select");
  const count = document.querySelector("[data-ticked]");
  if (!toggle) return;
  const update = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    toggle.checked = ticked > 0 && ticked === boxes.length;
    toggle.indeterminate = ticked > 0 && ticked < boxes.length;
    if (count) count.textContent = `${ticked} selected`;
  };
  toggle.addEventListener("change", () => {
    for (const box of boxes) box.checked = toggle.checked;
    update();
  });
  for (const box of boxes) box.addEventListener("change", update);
  update();
}

// --- Colours ---

function offerThemes() {
  const mark = () => {
    const chosen = document.documentElement.dataset.theme || "";
    for (const button of all(".theme")) button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen));
  };
  const choose = (theme) => {
    if (theme) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    try {
      if (theme) localStorage.setItem("theme", theme);
      else localStorage.removeItem("theme");
    } catch { /* not kept: it holds for this page */ }
    mark();
  };
  for (const group of all(".themes")) group.hidden = false;
  for (const button of all(".theme")) button.addEventListener("click", () => choose(button.dataset.themeChoice));
  mark();
}

// --- Tabs: the current one in sight, where not all of them fit ---

function showCurrentTab(root) {
  for (const tab of all(".tabs [aria-current]", root)) {
    const tabs = tab.parentElement, own = tab.getBoundingClientRect(), room = tabs.getBoundingClientRect();
    tabs.scrollLeft += own.left + own.width / 2 - (room.left + room.width / 2);
  }
}

// --- Live parts: our own server's answer replaces what stands here when its version differs ---

const LIVE_EVERY = 2000;

async function refreshPart(part) {
  const answer = await fetch(part.dataset.live, { headers: { "X-Requested-With": "fetch" }, credentials: "same-origin" });
  if (answer.redirected || answer.status === 403) return false; // signed out, or ended: what stands here stays
  if (!answer.ok) return true;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.querySelector(`[data-live="${CSS.escape(part.dataset.live)}"]`);
  if (!fresh || fresh.dataset.liveVersion === part.dataset.liveVersion) return Boolean(fresh);
  if (part.contains(document.activeElement) && document.activeElement.matches("input, select, textarea")) return true;
  const link = part.contains(document.activeElement) && document.activeElement.getAttribute("href");
  part.replaceChildren(...fresh.childNodes);
  part.dataset.liveVersion = fresh.dataset.liveVersion;
  addCopyButtons(part);
  showCurrentTab(part);
  if (link) part.querySelector(`[href="${CSS.escape(link)}"]`)?.focus({ preventScroll: true });
  return true;
}

async function refreshState(part) {
  const answer = await fetch(part.dataset.stateUrl, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (answer.redirected || answer.status === 403) return false;
  if (!answer.ok) return true;
  const state = await answer.json();
  if (state.state === part.dataset.state && !state.settled) return true;
  location.reload();
  return false;
}

function keep(part, refresh) {
  const again = async () => {
    let on = true;
    if (!document.hidden) on = await refresh(part).catch(() => true); // the network may be away for a while
    if (on) setTimeout(again, LIVE_EVERY);
  };
  setTimeout(again, LIVE_EVERY);
}

// --- What will be sent: its parts follow the form, as its Preview button draws them ---

const PAUSE = 400;

function followForm(button) {
  const form = button.form;
  const url = form.getAttribute("action") || location.href;
  let waiting = 0;
  let asking = null;
  const draw = async () => {
    asking?.abort();
    asking = new AbortController();
    const body = new URLSearchParams(new FormData(form));
    body.set(button.name, button.value);
    const options = { method: "POST", body, signal: asking.signal, headers: { "X-Requested-With": "fetch" } };
    const answer = await fetch(url, options).catch(() => null); // given up for a later one, or no network
    if (!answer?.ok || answer.redirected) return; // what stands there stays pale: it may not be so any more
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of all("[data-preview]")) {
      const fresh = page.getElementById(part.id);
      if (!fresh) continue;
      if (part.open) fresh.open = true;
      part.replaceWith(fresh);
    }
  };
  const changed = (event) => {
    if (event.target.matches("[name=reason], [name=ticket]")) return; // kept here, not sent to Stripe
    clearTimeout(waiting);
    for (const part of all("[data-preview]")) part.setAttribute("aria-busy", "true"); // until a fresh one takes its place
    waiting = setTimeout(draw, PAUSE);
  };
  form.addEventListener("input", changed);
  form.addEventListener("submit", () => clearTimeout(waiting));
  button.addEventListener("click", async (event) => {
    event.preventDefault(); // the entries stay as they are, those too that no page gives back
    clearTimeout(waiting);
    await draw();
    document.querySelector("[data-preview]")?.scrollIntoView({ block: "nearest" });
  });
  if (all("input, select, textarea", form).some(refilled)) draw();
}

// Whether a browser gave an entry back that the page was not drawn with.
function refilled(entry) {
  if (entry.type === "hidden") return false;
  if (entry.matches("[type=checkbox], [type=radio]")) return entry.checked !== entry.defaultChecked;
  if (entry.options) return [...entry.options].some((each) => each.selected !== each.defaultSelected) && entry.selectedIndex > 0;
  return entry.value !== entry.defaultValue;
}

// --- Countdowns ---

function words(seconds) {
  if (seconds <= 0) return "ran out";
  const minutes = Math.floor(seconds / 60);
  return minutes ? `${minutes} min ${seconds % 60} s left` : `${seconds} s left`;
}

function countDown(element) {
  const end = performance.now() + Number(element.dataset.seconds) * 1000;
  const tick = () => {
    const left = Math.max(Math.round((end - performance.now()) / 1000), 0);
    if (left < 3600) element.textContent = words(left);
    if (left > 0) setTimeout(tick, 1000);
    else document.dispatchEvent(new CustomEvent("ran-out"));
  };
  tick();
}

// --- All of it ---

addCopyButtons(document);
showCurrentTab(document);
followTicks();
offerThemes();
// --- Dates: a browser's own box drops a pasted one in words; as text the server reads it ---

function onPaste(event) {
  const box = event.target;
  if (!box.matches?.("input[type=date], input[type=datetime-local]")) return;
  event.preventDefault();
  box.type = "text";
  box.value = event.clipboardData.getData("text").trim();
}

document.addEventListener("keydown", onKey);
document.addEventListener("paste", onPaste);
document.addEventListener("click", (event) => closeMenus(event.target));
for (const key of all("#site-search kbd")) key.hidden = false;
for (const button of all("button[name=preview]")) followForm(button);
for (const part of all("[data-live]")) keep(part, refreshPart);
for (const part of all("[data-state-url]")) keep(part, refreshState);
for (const element of all(".countdown[data-seconds]")) countDown(element);
if (matchMedia("(max-width: 760px)").matches) for (const filters of all("details.filters:not(:has(.pill-set))")) filters.open = false;
document.querySelector("[data-focus]")?.focus();
