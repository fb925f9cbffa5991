import { testInstallation } from '../fixtures/package/installation.mjs';

testInstallation('pnpm');
