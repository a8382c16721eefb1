// Something to do: open a ticket, move it on, comment on it. And who else looks at it.

import { willCause } from "./api.js";
import { attempt, isPerson, make } from "./dom.js";

const MOST = 20;

export class Tickets {
  constructor(pane, { api, desk, user }) {
    Object.assign(this, { api, desk, user, place: pane.querySelector(".tickets"), viewers: new Map(), known: new Map() });
    this.isAgent = user.role !== "customer";
    this.create = this.place.querySelector("[data-create]");
    this.work = this.place.querySelector("[data-work]");
    for (const part of this.place.querySelectorAll("[data-agents]")) part.hidden = !this.isAgent;
    this.create.addEventListener("submit", (submitted) => this.open(submitted));
    this.work.addEventListener("submit", (submitted) => this.comment(submitted));
    this.place.querySelector("[data-claim]").addEventListener("click", () => this.claim());
    const { ticket, status, comment } = this.work.elements;
    ticket.addEventListener("change", () => this.choose(Number(ticket.value)));
    status.addEventListener("change", () => this.move(status.value));
    comment.addEventListener("input", () => this.look());
    comment.addEventListener("blur", () => this.look());
  }

  get chosen() {
    return Number(this.work.elements.ticket.value) || null;
  }

  async load() {
    const page = await this.api.get(`tickets/?page_size=${MOST}&ordering=-created_at`);
    this.known.clear();
    for (const ticket of page.results) this.known.set(ticket.id, ticket);
    this.show();
  }

  show() {
    const chosen = this.chosen;
    const options = [...this.known.values()].sort((a, b) => b.id - a.id).slice(0, MOST)
      .map(({ id, title }) => make("option", { value: id, text: `#${id} ${title}` }));
    this.work.elements.ticket.replaceChildren(make("option", { value: "", text: "Choose one" }), ...options);
    if (chosen && this.known.has(chosen)) this.work.elements.ticket.value = String(chosen);
    else this.choose(null);
    this.work.elements.status.value = this.known.get(this.chosen)?.status ?? "open";
  }

  choose(id) {
    this.work.elements.ticket.value = id ?? "";
    this.work.elements.status.value = this.known.get(id)?.status ?? "open";
    this.viewers.clear();
    this.showViewers();
    if (!this.isAgent) return;
    if (id && id !== this.watched) this.desk.subscribe(id);
    this.watched = id;
    this.look();
  }

  /** Others see that somebody looks, and whether they write. */
  look() {
    if (!this.isAgent) return;
    const { comment } = this.work.elements;
    const said = JSON.stringify([this.chosen, comment.value !== "" && document.activeElement === comment]);
    if (said === (this.said ?? "[null,false]")) return;
    this.said = said;
    this.desk.viewing(...JSON.parse(said));
  }

  async open(submitted) {
    submitted.preventDefault();
    const { title } = this.create.elements;
    willCause(this.user.username, "ticket_created");
    await attempt(this.place, async () => {
      const ticket = await this.api.post("tickets/", { title: title.value, description: "From the console." });
      title.value = "";
      this.known.set(ticket.id, ticket);
      this.show();
      this.choose(ticket.id);
    });
  }

  /** An assignee hears what happens to the ticket. */
  async claim() {
    if (!this.chosen) return;
    willCause(this.user.username, "ticket_assigned", "status_changed");
    await attempt(this.place, () => this.api.post(`tickets/${this.chosen}/claim/`, {}));
  }

  async move(status) {
    if (!this.chosen) return;
    willCause(this.user.username, "status_changed");
    await attempt(this.place, async () => {
      const ticket = await this.api.patch(`tickets/${this.chosen}/`, { status });
      this.known.set(ticket.id, ticket);
    });
    this.show();
  }

  async comment(submitted) {
    submitted.preventDefault();
    const { comment } = this.work.elements;
    if (!this.chosen || !comment.value) return;
    willCause(this.user.username, "comment_added", "status_changed");
    await attempt(this.place, async () => {
      await this.api.post(`tickets/${this.chosen}/comments/`, { content: comment.value });
      comment.value = "";
      this.look();
    });
  }

  hear(event) {
    if (!event.ticket) return;
    const { id, title } = event.ticket;
    const before = this.known.get(id);
    const status = event.ticket.new_status ?? event.ticket.status ?? before?.status;
    if (event.type === "ticket_deleted") this.known.delete(id);
    else this.known.set(id, { ...before, id, title, status });
    this.show();
  }

  hint(hint) {
    if (hint.type !== "viewing" || hint.ticket !== this.chosen || isPerson(this.user, hint.user)) return;
    const name = hint.user?.username ?? String(hint.user);
    if (hint.left) this.viewers.delete(name);
    else this.viewers.set(name, hint.composing);
    this.showViewers();
  }

  showViewers() {
    const said = [...this.viewers].map(([name, composing]) => `${name} ${composing ? "is writing" : "looks at it"}`);
    this.place.querySelector("[data-viewers]").textContent = said.join(" · ");
  }
}
