// The library in an isolate: the module `isolated-workers`, which runs before the script and imports it.
import './bridge.js';
import { adoptWorkerChannel } from './parts/find-channel.js';
import { bridge } from './bridge.js';
import { IsolateWorkerChannel } from './channel.js';
import { console } from './console.js';
import { encodeError } from '../../errors/encode-remote-error.js';
import { define as defineHostFunctions } from './host-functions.js';
import { process } from './node/process.js';
import { isOverflow } from './overflow.js';
import * as timers from './timers.js';

export { startWorkerServer } from '../../api/start-worker-server.js';
export { getHost } from '../../api/get-host.js';
export { getStartupData } from '../../api/get-startup-data.js';
export { defineMessages, unchecked } from '../../api/define-messages.js';
export { WorkerError } from '../../errors/worker-error.js';
export { JsonSerializer } from '../../codecs/json/json-serializer.js';
export { withTransfer } from '../../messages/with-transfer.js';

for (const [name, value] of Object.entries({ console, ...timers })) {
  if (name === 'Timer') continue;
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
defineHostFunctions();

/** An error that nothing has caught ends the isolate; the host hears of it with its code and all that it has. */
function onError(error: unknown): void {
  if (isOverflow(error)) bridge.overflowStack();
  if (process.listenerCount('uncaughtExceptionMonitor') > 0) process.emit('uncaughtExceptionMonitor', error);
  else channel.reportFatal(encodeError(error));
  bridge.fail(error);
}

bridge.onError(onError);

const channel = new IsolateWorkerChannel(() => void bridge.importScript(bridge.entry).then(bridge.loaded, onError));
adoptWorkerChannel(channel);
