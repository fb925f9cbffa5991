// @ts-check
// Parses TypeScript and counts the nodes of the syntax tree.
import ts from 'typescript';

/** @import { Plugin } from './plugin.mjs' */

/** @type {Plugin} */
export const plugin = {
  version: ts.version,
  takes: ['.ts', '.mts', '.cts'],

  processFile({ path, text }) {
    const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
    return { nodes: countNodes(source), exports: source.statements.filter(isExported).length };
  },
};

/**
 * @param {ts.Node} node
 * @returns {number}
 */
function countNodes(node) {
  let count = 1;
  ts.forEachChild(node, (child) => {
    count += countNodes(child);
  });
  return count;
}

/** @param {ts.Statement} statement */
function isExported(statement) {
  if (ts.isExportDeclaration(statement) || ts.isExportAssignment(statement)) return true;
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}
