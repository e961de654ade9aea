// Renews the parts of a page that is open: `data-live` is where they come from, `data-live-seconds` how often.
// Only what has changed is put in, nothing under the reader's hands; it rests while nobody looks at the page.
(() => {
  "use strict";
  const live = document.querySelector("[data-live]");
  if (!live) return;
  const note = document.querySelector("[data-live-note]");
  const said = note ? note.textContent : "";
  const pause = Number(live.dataset.liveSeconds) * 1000;
  let timer = 0;

  const say = (text) => { if (note) { note.hidden = false; note.textContent = text; } };

  const put = (html) => {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    for (const old of live.querySelectorAll("[data-look]")) {
      const next = fresh.querySelector(`[data-look="${old.dataset.look}"]`);
      if (next) old.className = next.className;
    }
    for (const old of live.querySelectorAll("[data-part]")) {
      const next = fresh.querySelector(`[data-part="${old.dataset.part}"]`);
      if (!next || next.innerHTML === old.innerHTML || old.contains(document.activeElement)) continue;
      old.replaceChildren(...next.childNodes);
    }
    return !fresh.querySelector("[data-live-end]");
  };

  const renew = async () => {
    clearTimeout(timer);
    if (document.hidden) return;
    try {
      const answer = await fetch(live.dataset.live, { headers: { Accept: "text/html" } });
      if (answer.redirected) { say("You are no longer signed in. Reload the page to sign in again."); return; }
      if (!answer.ok) throw new Error();
      const more = put(await answer.text());
      say(said);
      if (!more) { if (note) note.hidden = true; return; }
    } catch {
      say("This page cannot be renewed just now. What it shows is from before.");
    }
    timer = setTimeout(renew, pause);
  };

  document.addEventListener("visibilitychange", renew);
  if (note) note.hidden = false;
  timer = setTimeout(renew, pause);
})();
