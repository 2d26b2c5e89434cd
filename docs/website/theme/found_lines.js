// Puts a line of the page below each search result, around the first word that was asked for.

const AROUND = 110;

function lineAround(text, words) {
  const lower = text.toLowerCase();
  const places = words.map((word) => lower.indexOf(word)).filter((place) => place >= 0);
  if (!text) return "";
  const place = Math.max(0, (places.length ? Math.min(...places) : 0) - AROUND / 2);
  const start = place > 0 ? text.indexOf(" ", place) + 1 : 0;
  const end = start + 2 * AROUND < text.length ? text.lastIndexOf(" ", start + 2 * AROUND) : text.length;
  return `${start > 0 ? "… " : ""}${text.slice(start, end).trim()}${end < text.length ? " …" : ""}`;
}

function withLine(item, words) {
  const link = item.querySelector("a");
  if (!link || item.querySelector(".found-line")) return;
  const [path, anchor] = link.getAttribute("href").split("#");
  const page = FOUND_TEXTS[decodeURIComponent(path).replace(/\.html$/, "")];
  if (!page) return;
  // The place that was found, else the first place of that page with a word that was asked for.
  const own = page[anchor || ""] ?? "";
  const says = (text) => words.some((word) => text.toLowerCase().includes(word));
  const text = anchor || says(own) ? own : (Object.values(page).find(says) ?? own);
  const line = lineAround(text, words);
  if (line) {
    const shown = document.createElement("p");
    shown.className = "found-line";
    shown.textContent = line;
    item.append(shown);
  }
}

addEventListener("DOMContentLoaded", () => {
  const results = document.getElementById("search-results");
  if (!results) return;
  const asked = new URLSearchParams(window.location.search).get("q") || "";
  const words = asked.toLowerCase().split(/\s+/).filter(Boolean);
  const add = () => results.querySelectorAll("ul.search > li").forEach((item) => withLine(item, words));
  new MutationObserver(add).observe(results, { childList: true, subtree: true });
  add();
});
