// Private conversations: whom one may write to, who is here, what was said, what was read.

import { willCause } from "./api.js";
import { attempt, isPerson, make } from "./dom.js";

const TYPING_FOR = 4_000;
const TYPING_EVERY = 2_000;

export class Chat {
  constructor(pane, { api, desk, user }) {
    Object.assign(this, { api, desk, user, place: pane.querySelector(".chat") });
    this.people = new Map(); // by id: {person, online, conversation, unread, readUpTo}
    this.open = null;
    this.typedAt = 0;
    this.messages = this.place.querySelector("[data-messages]");
    this.form = this.place.querySelector("[data-say]");
    this.form.addEventListener("submit", (submitted) => this.send(submitted));
    this.form.elements.content.addEventListener("input", () => this.type());
  }

  /** The contacts; false where the server has no chat. */
  async load() {
    let contacts;
    try {
      contacts = await this.api.get("chat/contacts/?page_size=50");
    } catch (error) {
      if (error.status !== 404) throw error;
      this.place.querySelector("[data-absent]").hidden = false;
      this.place.querySelector("[data-present]").hidden = true;
      return;
    }
    for (const person of contacts.results) this.know(person);
    const conversations = await this.api.get("chat/conversations/");
    for (const { id, with: person, online, unread_count: unread } of conversations.results) {
      Object.assign(this.know(person), { online, unread, conversation: id });
    }
    await this.loadPresence();
    this.show();
  }

  /** Always the same contact for a person: it may be the one that is open. */
  know(person) {
    if (!this.people.has(person.id)) this.people.set(person.id, { person, online: false, unread: 0, readUpTo: 0 });
    return this.people.get(person.id);
  }

  async loadPresence() {
    if (!this.people.size) return;
    const said = await this.api.get(`presence/?users=${[...this.people.keys()].join(",")}`).catch(() => ({}));
    for (const [id, { online }] of Object.entries(said)) {
      const contact = this.people.get(Number(id));
      if (contact) contact.online = online;
    }
  }

  show() {
    const order = [...this.people.values()].sort((a, b) =>
      Number(b.online) - Number(a.online) || Number(!!b.conversation) - Number(!!a.conversation)
      || a.person.username.localeCompare(b.person.username));
    this.place.querySelector("[data-contacts]").replaceChildren(...order.map((contact) => this.row(contact)));
    const total = order.reduce((sum, { unread }) => sum + unread, 0);
    const badge = this.place.querySelector("[data-unread]");
    badge.textContent = String(total);
    badge.hidden = !total;
  }

  row(contact) {
    const { person, online, unread } = contact;
    const button = make("button", { type: "button", data: { contact: person.username, online: String(online) } },
      make("span", { class: "dot", role: "img", "aria-label": online ? "online" : "offline" }),
      make("span", { class: "grow", text: person.username }));
    if (unread) button.append(make("span", { class: "count", text: unread, "aria-label": `${unread} unread` }));
    if (contact === this.open) button.setAttribute("aria-current", "true");
    button.addEventListener("click", () => attempt(this.place, () => this.enter(contact)));
    return make("li", {}, button);
  }

  async enter(contact) {
    contact.conversation ??= (await this.api.post("chat/conversations/", { user: contact.person.id })).id;
    this.open = contact;
    const page = await this.api.get(`chat/conversations/${contact.conversation}/messages/`);
    this.messages.replaceChildren(...page.results.reverse().map((message) => this.bubble(message)));
    this.scroll();
    const { content } = this.form.elements;
    content.disabled = this.form.querySelector("button").disabled = false;
    content.placeholder = `Write to ${contact.person.username}`;
    content.focus();
    await this.read(page.results.at(-1)?.id);
  }

  bubble({ id, author, content, attachments = [] }, state = "") {
    const name = author?.username ?? author;
    const mine = name === this.user.username;
    const files = Array.isArray(attachments) ? attachments.map(({ filename }) => filename).join(", ") : "";
    const element = make("li", { class: mine ? "mine" : "theirs", data: { message: id ?? "" } },
      make("span", { class: "said", text: [content, files].filter(Boolean).join(" ") }),
      make("span", { class: "receipt", text: mine ? state : name }));
    return element;
  }

  scroll() {
    this.messages.scrollTop = this.messages.scrollHeight;
  }

  async send(submitted) {
    submitted.preventDefault();
    const { content } = this.form.elements;
    const text = content.value;
    content.value = "";
    const bubble = this.bubble({ author: this.user.username, content: text }, "sending");
    this.messages.append(bubble);
    this.scroll();
    willCause(this.user.username, "message_sent");
    await attempt(this.place, async () => {
      // Through the socket, again and again until it is acknowledged.
      const contact = this.open;
      const id = await this.desk.sendMessage(contact.conversation, text).catch((error) => {
        bubble.querySelector(".receipt").textContent = "not sent";
        throw error;
      });
      bubble.dataset.message = String(id);
      bubble.querySelector(".receipt").textContent = id <= contact.readUpTo ? "read" : "sent";
    });
  }

  type() {
    if (!this.open || Date.now() - this.typedAt < TYPING_EVERY) return;
    this.typedAt = Date.now();
    this.desk.typing(this.open.conversation);
  }

  async read(upTo) {
    const contact = this.open;
    if (!upTo || !contact?.conversation) return;
    await this.api.post(`chat/conversations/${contact.conversation}/read/`, { up_to: upTo }).catch(() => null);
    contact.unread = 0;
    this.show();
  }

  async hear(event) {
    if (event.conversation === undefined) return;
    const conversation = event.conversation?.id ?? event.conversation;
    let contact = [...this.people.values()].find((known) => known.conversation === conversation);
    if (!contact) {
      await this.load().catch(() => null);
      contact = [...this.people.values()].find((known) => known.conversation === conversation);
    } else if (event.type === "message_sent" && event.actor !== this.user.username && contact !== this.open) {
      contact.unread += 1;
    }
    if (contact && event.type === "messages_read" && event.actor !== this.user.username) {
      contact.readUpTo = Math.max(contact.readUpTo, event.message?.id ?? 0);
    }
    if (contact && contact === this.open) await this.hearOpen(event);
    this.show();
  }

  /** An event holds an excerpt only: what was said is read by REST. */
  async hearOpen(event) {
    if (event.type === "messages_read" && event.actor !== this.user.username) {
      for (const mine of this.messages.querySelectorAll(".mine")) {
        const id = Number(mine.dataset.message);
        if (id && id <= this.open.readUpTo) mine.querySelector(".receipt").textContent = "read";
      }
    } else if (event.type === "message_sent" && event.actor !== this.user.username) {
      this.place.querySelector("[data-typing]").textContent = "";
      const page = await this.api.get(`chat/conversations/${this.open.conversation}/messages/`);
      const fresh = page.results.reverse().filter(({ id }) => !this.messages.querySelector(`[data-message="${id}"]`));
      this.messages.append(...fresh.filter(({ author }) => author.username !== this.user.username).map((message) => this.bubble(message)));
      this.scroll();
      await this.read(page.results.at(-1)?.id);
    }
  }

  hint(hint) {
    if (hint.type === "presence_changed") {
      for (const contact of this.people.values()) {
        if (isPerson(contact.person, hint.user)) contact.online = hint.online;
      }
      this.show();
    } else if (hint.type === "typing" && hint.conversation === this.open?.conversation && !isPerson(this.user, hint.user)) {
      const place = this.place.querySelector("[data-typing]");
      place.textContent = `${this.open.person.username} is typing…`;
      clearTimeout(this.forget);
      this.forget = setTimeout(() => (place.textContent = ""), TYPING_FOR);
    }
  }
}
