import { checks, type Finding } from './checks.js';

const marks = { ok: '✔', warning: '!', failure: '✘' } as const;

/** Checks what the library needs, and says how to mend what is wrong. Resolves with the exit code: 1 after a failure. */
export async function doctor({ json }: { json: boolean }): Promise<number> {
  const findings: (Finding & { check: string })[] = [];
  for (const [check, examine] of Object.entries(checks)) {
    let finding: Finding;
    try {
      finding = await examine();
    } catch (error) {
      finding = { outcome: 'failure', text: (error as Error).message };
    }
    findings.push({ check, ...finding });
    if (json) continue;
    console.log(`${marks[finding.outcome]} ${check}: ${finding.text}`);
    if (finding.remedy !== undefined) console.log(`  ${finding.remedy}`);
  }
  if (json) console.log(JSON.stringify(findings));
  return findings.some(({ outcome }) => outcome === 'failure') ? 1 : 0;
}
