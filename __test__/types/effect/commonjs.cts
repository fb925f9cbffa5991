// A CommonJS program loads the integration by `require`.
import effect = require('isolated-workers/effect');
import runner = require('isolated-workers/effect/runner');

effect.layer(() => ({ script: './worker.js' }), { closeTimeout: 100 });
runner.layerWith({ logLevel: 'silent' });
effect.layerPlatform satisfies object;
runner.layer satisfies object;
// @ts-expect-error -- a script is needed
effect.layer(() => ({ name: 'nameless' }));
