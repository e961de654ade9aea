// What pages do better where scripts run. Every page works without this file.
(() => {
  "use strict";

  // Leave at once: the page is replaced, so that going back does not show it.
  const exit = document.querySelector("[data-quick-exit]");
  if (exit) {
    const leave = () => {
      document.body.hidden = true;
      window.location.replace(exit.href);
    };
    exit.addEventListener("click", (event) => { event.preventDefault(); leave(); });
    let presses = 0, last = 0;
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      const now = Date.now();
      presses = now - last < 2000 ? presses + 1 : 1;
      last = now;
      if (presses === 3) leave();
    });
  }

  // Where something is wrong, a reader begins there.
  const problems = document.querySelector("[data-focus]");
  if (problems) problems.focus();

  // A form is sent once, however often the button is pressed; going back makes it work again.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.forms) delete form.dataset.sent;
  });

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }

  // A field that suggests: the list of what was found comes from our own address, in `data-suggest`.
  for (const field of document.querySelectorAll("[data-suggest]")) {
    const list = document.createElement("datalist");
    list.id = `${field.id}-found`;
    field.after(list);
    field.setAttribute("list", list.id);
    let asked = "", timer = 0;
    const ask = async () => {
      const text = field.value.trim();
      if (text.length < 3 || text === asked) return;
      asked = text;
      const answer = await fetch(`${field.dataset.suggest}?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } });
      if (!answer.ok || field.value.trim() !== text) return;
      const found = await answer.json();
      list.replaceChildren(...found.items.map((each) => {
        const option = document.createElement("option");
        option.value = each.value;
        option.label = each.label;
        return option;
      }));
    };
    field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => ask().catch(() => {}), 200); });
  }
})();
