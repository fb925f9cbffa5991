export const hello = (name) => `hello ${name}`;
