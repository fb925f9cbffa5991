import { testInstallation } from '../fixtures/package/installation.mjs';

testInstallation('npm');
