// Runs the client for the tests: a JSON line for whatever it says, and a JSON line for each thing that it is to do.

import { createInterface } from "node:readline";
import { Notifications, SignedOut, signIn } from "../../docs/clients/notifications.ts";

const [url = "", username = "", password = "", silence = "0"] = process.argv.slice(2);
const say = (line: object): void => console.log(JSON.stringify(line));
const wanted: ((token: string | null) => void)[] = [];

// Without a password the tests are asked for each token.
async function askTheTests(refresh: boolean): Promise<string> {
  const token = await new Promise<string | null>((given) => {
    wanted.push(given);
    say({ token: refresh });
  });
  if (token === null) throw new SignedOut("The tests say so.");
  return token;
}

const desk = new Notifications({
  url,
  getToken: password ? signIn(url, username, password) : askTheTests,
  ...(Number(silence) ? { silence: Number(silence) * 1000 } : {}),
  onEvent: (event) => say({ event }),
  onHint: (hint) => say({ hint }),
  onReload: (welcome) => say({ reload: welcome.cursor }),
  onState: (state) => say({ state }),
});

const deeds: Record<string, (...given: any[]) => unknown> = {
  token: (token) => wanted.shift()?.(token),
  start: (after) => ((desk.cursor = after ?? ""), desk.start()),
  pause: () => desk.pause(),
  close: () => desk.close(),
  subscribe: (...tickets) => desk.subscribe(...tickets),
  unsubscribe: (...tickets) => desk.unsubscribe(...tickets),
  viewing: (ticket, composing) => desk.viewing(ticket, composing),
  send: (conversation, content, ref) =>
    desk.sendMessage(conversation, content, ref).then(
      (id) => say({ sent: id, ref }),
      (error) => say({ refused: error.code, ref }),
    ),
};
for await (const line of createInterface({ input: process.stdin })) {
  const [deed, ...given] = JSON.parse(line);
  deeds[deed]?.(...given);
}
desk.close();
