import { serve } from './serve.js';

await serve(({ items }) => {
  for (let index = 0; ; index = (index + 1) % items.length) {
    try {
      if (items[index] === 'sofa') return 'found';
    } catch {
      // Nothing that a rule catches keeps it alive.
    }
  }
});
