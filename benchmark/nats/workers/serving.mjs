import { serve } from 'isolated-workers/drivers/nats';

const [servers] = process.argv.slice(2);
await serve({ script: new URL('./echo.mjs', import.meta.url), name: 'echo', servers, workers: 2 });
console.log('serving');
