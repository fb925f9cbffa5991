import { serve } from './serve.js';

const { readFileSync } = await import('node:fs');

await serve(() => readFileSync('/etc/passwd', 'utf8'));
