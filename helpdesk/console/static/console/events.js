// What happens, newest first, and how long it took to get here.

import { sincePost } from "./api.js";
import { make } from "./dom.js";

const SHOWN = 200;

/** Chats bring the message itself, not a sentence. */
function told({ type, actor, message }) {
  if (typeof message === "string") return message;
  return type === "messages_read" ? `${actor} has read up to #${message.id}` : `${message.author}: ${message.content}`;
}

export class Events {
  constructor(pane) {
    this.list = pane.querySelector("[data-events]");
    this.count = pane.querySelector("[data-count]");
    this.median = pane.querySelector("[data-median]");
    this.latencies = [];
    this.heard = 0;
  }

  /** `late` events were caught up with: how old they are says nothing about the way here. */
  add(event, { late }) {
    const took = Math.max(0, Date.now() - Date.parse(event.occurred_at));
    const roundTrip = late ? undefined : sincePost(event);
    const numbers = make("span", { class: "numbers" });
    if (late) numbers.append(make("span", { class: "tag late", text: "caught up" }));
    else numbers.append(make("span", { class: "tag", text: `${took} ms`, data: { latency: took }, title: "now − occurred_at" }));
    if (roundTrip !== undefined) {
      const text = `POST→frame ${Math.round(roundTrip)} ms`;
      numbers.append(make("span", { class: "tag trip", text, data: { trip: Math.round(roundTrip) } }));
    }
    this.list.prepend(make("li", { data: { id: event.id, type: event.type }, title: `cursor ${event.cursor}` },
      make("span", { class: "type", text: event.type }),
      make("span", { class: "said", text: told(event) }),
      make("time", { text: new Date(event.occurred_at).toLocaleTimeString(), datetime: event.occurred_at }),
      numbers));
    while (this.list.children.length > SHOWN) this.list.lastChild.remove();
    this.count.textContent = String(++this.heard);
    if (!late) this.measure(took);
  }

  measure(took) {
    this.latencies.push(took);
    if (this.latencies.length > SHOWN) this.latencies.shift();
    const sorted = [...this.latencies].sort((a, b) => a - b);
    this.median.textContent = `median ${sorted[Math.floor(sorted.length / 2)]} ms`;
  }
}
