// Elements, without writing HTML into the page: whatever people wrote stays text.

export function make(name, { class: classes = "", text = "", data = {}, ...attributes } = {}, ...children) {
  const element = document.createElement(name);
  if (classes) element.className = classes;
  if (text !== "") element.textContent = text;
  Object.assign(element.dataset, data);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

/** Say what went wrong beside where it was tried; nothing where all went well. */
export async function attempt(place, what) {
  const problem = place.querySelector(".problem");
  problem.textContent = "";
  try {
    return await what();
  } catch (error) {
    problem.textContent = error.message;
    return undefined;
  }
}

/** Users are told of by id, by name, or as an object. */
export function isPerson(person, told) {
  const said = told !== null && typeof told === "object" ? told.id : told;
  return said === person.id || said === person.username || String(said) === String(person.id);
}
