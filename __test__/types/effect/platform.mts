// A program that uses NodeWorker changes one import: the layers have the same types.
import type * as NodeWorker from '@effect/platform-node/NodeWorker';
import type * as NodeWorkerRunner from '@effect/platform-node/NodeWorkerRunner';
import type * as Layer from 'effect/Layer';
import * as RpcClient from 'effect/rpc/RpcClient';
import * as RpcServer from 'effect/rpc/RpcServer';
import type * as Worker from 'effect/workers/Worker';
import type * as WorkerRunner from 'effect/workers/WorkerRunner';
import { attachWorker, createWorker, type DefineMessages, InProcessDriver, WorkerThreadsDriver } from 'isolated-workers';
import * as IsolatedWorker from 'isolated-workers/effect';
import * as IsolatedRunner from 'isolated-workers/effect/runner';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const isTrue = <T extends true>() => undefined as T | undefined;

isTrue<Equal<typeof IsolatedWorker.layerPlatform, typeof NodeWorker.layerPlatform>>();
isTrue<Equal<ReturnType<typeof IsolatedWorker.layer>, ReturnType<typeof NodeWorker.layer>>>();
isTrue<Equal<typeof IsolatedRunner.layer, typeof NodeWorkerRunner.layer>>();
isTrue<Equal<ReturnType<typeof IsolatedWorker.layerSpawner>, Layer.Layer<Worker.Spawner>>>();
isTrue<Equal<ReturnType<typeof IsolatedRunner.layerWith>, Layer.Layer<WorkerRunner.WorkerRunnerPlatform>>>();

const script = new URL('./worker.js', import.meta.url);

// Options of createWorker, for each driver.
IsolatedWorker.layer((id: number) => ({ script, name: `worker ${id}`, startupData: { id } }));
IsolatedWorker.layer(() => ({ script, driver: WorkerThreadsDriver, driverOptions: { name: 'thread' } }));
IsolatedWorker.layer(() => ({ script, driver: new InProcessDriver() }), { closeTimeout: 100 });

// A worker of any type, and promises.
type Messages = DefineMessages<{ add: { payload: number; result: number } }>;
IsolatedWorker.layer(() => createWorker<Messages>({ script }));
IsolatedWorker.layer(() => createWorker<Messages, WorkerThreadsDriver>({ script, driver: WorkerThreadsDriver }));
IsolatedWorker.layer(() => attachWorker({ name: 'indexer' }));
IsolatedWorker.layer(async () => ({ script }));
const client = await createWorker<Messages>({ script });
IsolatedWorker.layerSpawner(() => client);

// What goes into Effect's own layers.
RpcClient.layerProtocolWorker({ size: 2 }) satisfies Layer.Layer<
  RpcClient.Protocol,
  unknown,
  Layer.Success<ReturnType<typeof IsolatedWorker.layer>>
>;
RpcServer.layerProtocolWorkerRunner satisfies Layer.Layer<
  RpcServer.Protocol,
  unknown,
  Layer.Success<typeof IsolatedRunner.layer>
>;

// @ts-expect-error -- a script is needed
IsolatedWorker.layer(() => ({ name: 'nameless' }));
// @ts-expect-error -- no option of createWorker
export const misspelt: IsolatedWorker.SpawnOptions = { script, nmae: 'worker' };
// @ts-expect-error -- the platform waits itself until the worker is ready
export const waiting: IsolatedWorker.SpawnOptions = { script, waitForReady: true };
// @ts-expect-error -- the id is a number
IsolatedWorker.layer((id: string) => ({ script, name: id }));
// @ts-expect-error -- milliseconds
IsolatedWorker.layerPlatformWith({ closeTimeout: '5 seconds' });
// @ts-expect-error -- an Effect program has finalisers
IsolatedRunner.layerWith({ onClose: () => {} });
IsolatedRunner.layerWith({ maxMessageSize: 1 } as object);
