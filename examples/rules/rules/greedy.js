import { serve } from './serve.js';

await serve(({ items }) => {
  const copies = [];
  for (;;) copies.push([...items, copies.length]);
});
