"use strict";
// Decisions about suspicions: kept by number, so that one shown twice is decided once; downloaded
// as a file, for a page that was opened from a disk can write none.
(() => {
  const facts = JSON.parse(document.querySelector(".audit-facts script").textContent);
  const key = `further-labels-${facts.fingerprint}`;
  const decided = new Map(read());

  function read() {
    try { return JSON.parse(localStorage.getItem(key)) || []; } catch { return []; }
  }
  function keep() {
    try { localStorage.setItem(key, JSON.stringify([...decided])); } catch { /* a private window */ }
  }
  function numbers(choice) {
    return [...decided].filter(([, made]) => made === choice).map(([number]) => number).sort((a, b) => a - b);
  }
  function show() {
    for (const button of document.querySelectorAll(".choices button")) {
      const number = Number(button.closest(".suspicion").dataset.number);
      button.setAttribute("aria-pressed", String(decided.get(number) === button.dataset.choice));
    }
    const drawn = [...document.querySelectorAll("#drawn .suspicion")].map((card) => Number(card.dataset.number));
    const done = drawn.filter((number) => decided.has(number)).length;
    document.querySelector(".decided output").textContent =
      `${numbers("accepted").length} errors, ${numbers("rejected").length} that are none; ${done} of ${drawn.length} drawn at random are decided.`;
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest(".choices button");
    if (!button) return;
    const number = Number(button.closest(".suspicion").dataset.number);
    if (decided.get(number) === button.dataset.choice) decided.delete(number);
    else decided.set(number, button.dataset.choice);
    keep();
    show();
  });
  document.querySelector(".download").addEventListener("click", () => {
    const content = { ...facts, accepted: numbers("accepted"), rejected: numbers("rejected") };
    const file = new Blob([JSON.stringify(content, null, 1)], { type: "application/json" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = "decisions.json";
    link.click();
    URL.revokeObjectURL(link.href);
  });
  show();
})();
