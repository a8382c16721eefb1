// One person: signed in, connected, cut off, back again.

import { Api } from "./api.js";
import { Chat } from "./chat.js";
import { attempt } from "./dom.js";
import { Events } from "./events.js";
import { Notifications, signIn } from "./notifications.js";
import { Tickets } from "./tickets.js";

const PASSWORD = "testpass123";

export class Pane {
  constructor(number, username) {
    this.number = number;
    this.username = username;
    this.element = document.createElement("section");
    this.reset();
  }

  reset() {
    const fresh = document.getElementById("pane").content.firstElementChild.cloneNode(true);
    fresh.id = `pane-${this.number}`;
    fresh.setAttribute("aria-label", `Person ${this.number}`);
    this.element.replaceWith(fresh);
    this.element = fresh;
    this.form = this.find(".sign-in");
    this.form.elements.username.value = this.username;
    this.form.elements.password.value = PASSWORD;
    this.form.addEventListener("submit", (submitted) => {
      submitted.preventDefault();
      attempt(this.form, () => this.signIn());
    });
  }

  find(selector) {
    return this.element.querySelector(selector);
  }

  async signIn() {
    const { username, password } = this.form.elements;
    const getToken = signIn(location.origin, username.value, password.value);
    const api = new Api(getToken);
    const user = await api.get("users/me/");
    this.username = user.username;
    this.desk = new Notifications({
      url: location.origin,
      getToken,
      onEvent: (event) => this.hear(event),
      onHint: (hint) => this.hint(hint),
      onReload: () => this.load(),
      onState: (state) => this.show(state),
    });
    const parts = { api, desk: this.desk, user };
    this.events = new Events(this.element);
    this.tickets = new Tickets(this.element, parts);
    this.chat = new Chat(this.element, parts);
    this.find("[data-name]").textContent = user.name || user.username;
    this.find("[data-role]").textContent = user.role;
    this.form.hidden = true;
    this.find(".desk").hidden = false;
    this.find("[data-cut]").addEventListener("click", () => this.cut());
    this.find("[data-leave]").addEventListener("click", () => {
      this.desk.close();
      this.reset();
    });
    this.desk.start();
    this.load();
  }

  load() {
    attempt(this.find(".tickets"), () => this.tickets.load());
    attempt(this.find(".chat"), () => this.chat.load());
  }

  /** Or come back, where it is cut. */
  cut() {
    if (this.find("[data-cut]").textContent === "Cut") {
      this.desk.pause();
      return;
    }
    this.desk.start();
  }

  show(state) {
    const pill = this.find("[data-state]");
    pill.textContent = { paused: "cut off", waiting: `back in ${Math.ceil(state.delay / 1000)} s` }[state.status] ?? state.status;
    pill.dataset.state = state.status;
    this.find("[data-cut]").textContent = state.status === "paused" ? "Resume" : "Cut";
    if (state.status === "closed") pill.textContent = `closed ${state.code} ${state.reason}`;
    if (state.status !== "open") return;
    this.openedAt = Date.now();
    this.recovered = state.recovered;
    this.caughtUp = 0;
    this.showRecovered();
  }

  showRecovered() {
    this.find("[data-recovered]").textContent =
      this.recovered === null ? "" : `recovered: ${this.recovered} · ${this.caughtUp} caught up`;
  }

  hear(event) {
    const late = this.recovered === true && Date.parse(event.occurred_at) < this.openedAt;
    if (late) {
      this.caughtUp += 1;
      this.showRecovered();
    }
    this.events.add(event, { late });
    const cursor = this.find("[data-cursor]");
    cursor.textContent = cursor.title = event.cursor;
    this.tickets.hear(event);
    this.chat.hear(event);
  }

  hint(hint) {
    this.tickets.hint(hint);
    this.chat.hint(hint);
    // The people of the contacts' list may change with it.
    if (hint.type === "access_revoked" || hint.type === "access_granted") attempt(this.find(".tickets"), () => this.tickets.load());
  }
}
