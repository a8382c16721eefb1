const search = document.getElementById("search");
const found = document.getElementById("found");
const entries = [...document.querySelectorAll(".entry")].map((entry) => ({ entry, text: entry.textContent.toLowerCase() }));

function show() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const { entry, text } of entries) {
    entry.hidden = !words.every((word) => text.includes(word));
    count += entry.hidden ? 0 : 1;
  }
  found.value = words.length ? `${count} of ${entries.length}` : "";
}

// An address like #event.ticket_created opens what it names.
function open() {
  const named = document.getElementById(location.hash.slice(1));
  if (named) named.open = true;
}

search.addEventListener("input", show);
addEventListener("hashchange", open);
open();
