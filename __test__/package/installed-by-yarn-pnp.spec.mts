import { testInstallation } from '../fixtures/package/installation.mjs';

testInstallation('yarn with PnP');
