// Builds the documentation site into build/site: npm run docs
import { buildSite } from './docs/site.mjs';

try {
  process.exitCode = await buildSite();
} catch (error) {
  console.error(`docs: ${error.message}`);
  process.exitCode = 1;
}
