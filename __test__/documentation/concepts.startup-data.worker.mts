// Core Concepts › Server-side startup data, the worker's side
import type { DefineMessages } from 'isolated-workers';

// Worker side
import { getStartupData, startWorkerServer } from 'isolated-workers';

type Messages = DefineMessages<{ fetchData: { payload: void; result: unknown } }>;

// Access startup data via getStartupData()
const startupData = getStartupData<{ config: { apiEndpoint: string } }>();

console.log('Starting with config:', startupData.config.apiEndpoint);

startWorkerServer<Messages>({
  handlers: {
    fetchData: async () => {
      // Use configuration from startup data
      const response = await fetch(startupData.config.apiEndpoint);
      return response.json();
    },
  },
});
