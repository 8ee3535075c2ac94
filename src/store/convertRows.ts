// Seals, opens or seals anew everything that a database holds, within the transaction of whoever calls it.

import type { DatabaseSync, SQLInputValue, SQLOutputValue } from 'node:sqlite';
import type { Vault } from './seal.ts';
import { rowName, SEALED_TABLES, type SealedTable } from './sealedColumns.ts';

type Row = Record<string, SQLOutputValue>;
type Value = SQLInputValue;

/** Goes from one vault to another; undefined for values that are not sealed. */
export function convertRows(db: DatabaseSync, from: Vault | undefined, to: Vault | undefined): void {
  for (const [table, columns] of Object.entries(SEALED_TABLES)) convertTable(db, table, columns, from, to);
}

function convertTable(db: DatabaseSync, table: string, spec: SealedTable, from: Vault | undefined, to: Vault | undefined): void {
  const { key, texts = [], bytes = [], names = [] } = spec;
  const changed = [...new Set([...names, ...texts, ...bytes])];
  const where = key.map((column) => `"${column}" = ?`).join(' AND ');
  const read = db.prepare(`SELECT ${[...new Set([...key, ...changed])].map(quote).join(', ')} FROM "${table}" WHERE ${where}`);
  const write = db.prepare(`UPDATE "${table}" SET ${changed.map((column) => `${quote(column)} = ?`).join(', ')} WHERE ${where}`);
  // The keys first, row by row then: a table may hold large files.
  for (const keys of db.prepare(`SELECT ${key.map(quote).join(', ')} FROM "${table}"`).all()) {
    const id = key.map((column) => keys[column] as SQLInputValue);
    const row = read.get(...id) as Row;
    const plainKey = key.map((column) => (names.includes(column) ? openName(from, table, column, row[column]) : row[column]));
    const at = rowName(...plainKey.map(String));
    const convert = (column: string): Value => {
      if (names.includes(column)) return sealName(to, table, column, openName(from, table, column, row[column]));
      const place = { table, column, row: at };
      if (texts.includes(column)) {
        const text = from === undefined ? String(row[column]) : from.openText(place, String(row[column]));
        return to === undefined ? text : to.sealText(place, text);
      }
      const content = from === undefined ? (row[column] as Uint8Array) : from.openBytes(place, row[column] as Uint8Array);
      return to === undefined ? content : to.sealBytes(place, content);
    };
    write.run(...changed.map((column) => convert(column)), ...id);
  }
}

function openName(vault: Vault | undefined, table: string, column: string, value: Value | undefined): Value {
  if (value === undefined || value === null) return null;
  return vault === undefined ? value : vault.openName({ table, column }, String(value));
}

function sealName(vault: Vault | undefined, table: string, column: string, value: Value): Value {
  return value === null || vault === undefined ? value : vault.sealName({ table, column }, String(value));
}

function quote(column: string): string {
  return `"${column}"`;
}
