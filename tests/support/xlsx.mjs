// tests/support/xlsx.mjs - workbooks byte by byte: written with formulas and merged cells as offices use them, and taken apart again to be corrected.
import { inflateRawSync } from 'node:zlib';
import { zip } from './pictures.mjs';

const plain = (text) => String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const column = (n) => String.fromCharCode(65 + n);

// null: no cell; a number; a text; {f, v}: a formula and its stored result, which may be missing.
function cell(at, value) {
  if (value === null || value === '') return '';
  if (typeof value === 'number') return `<c r="${at}"><v>${value}</v></c>`;
  if (typeof value === 'string') return `<c r="${at}" t="inlineStr"><is><t>${plain(value)}</t></is></c>`;
  return `<c r="${at}" t="str"><f>${plain(value.f)}</f>${value.v === undefined ? '' : `<v>${plain(value.v)}</v>`}</c>`;
}

const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const relations = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

const rowsOf = (rows) => rows.map((row, y) => `<row r="${y + 1}">${row.map((value, x) => cell(`${column(x)}${y + 1}`, value)).join('')}</row>`).join('');

// A sheet for each name, of 26 columns at most.
export function sheets(byName) {
  const names = Object.keys(byName);
  const each = (made) => names.map((name, i) => made(name, i + 1)).join('');
  return zip({
    '[Content_Types].xml': '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
    '_rels/.rels': `<Relationships><Relationship Id="r1" Type="${relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `<workbook xmlns="${main}" xmlns:r="${relations}"><sheets>${each((name, n) => `<sheet name="${plain(name)}" sheetId="${n}" r:id="r${n}"/>`)}</sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships>${each((_, n) => `<Relationship Id="r${n}" Type="${relations}/worksheet" Target="worksheets/sheet${n}.xml"/>`)}</Relationships>`,
    ...Object.fromEntries(names.map((name, i) => [`xl/worksheets/sheet${i + 1}.xml`, `<worksheet xmlns="${main}"><sheetData>${rowsOf(byName[name])}</sheetData></worksheet>`])),
  });
}

export function workbook(rows, { sheet = '单位表', merges = [] } = {}) {
  const data = rowsOf(rows);
  const merged = merges.length === 0 ? '' : `<mergeCells>${merges.map((ref) => `<mergeCell ref="${ref}"/>`).join('')}</mergeCells>`;
  return zip({
    '[Content_Types].xml': '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
    '_rels/.rels': `<Relationships><Relationship Id="r1" Type="${relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>`,
    'xl/workbook.xml': `<workbook xmlns="${main}" xmlns:r="${relations}"><sheets><sheet name="${plain(sheet)}" sheetId="1" r:id="r1"/></sheets></workbook>`,
    'xl/_rels/workbook.xml.rels': `<Relationships><Relationship Id="r1" Type="${relations}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`,
    'xl/worksheets/sheet1.xml': `<worksheet xmlns="${main}"><sheetData>${data}</sheetData>${merged}</worksheet>`,
  });
}

// The members of a zip, as text.
export function unzip(bytes) {
  const members = {};
  const end = bytes.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  let at = bytes.readUInt32LE(end + 16);
  for (let n = bytes.readUInt16LE(end + 10); n > 0; n--) {
    const [method, size, nameLength] = [bytes.readUInt16LE(at + 10), bytes.readUInt32LE(at + 20), bytes.readUInt16LE(at + 28)];
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength), local = bytes.readUInt32LE(at + 42);
    const from = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const data = bytes.subarray(from, from + size);
    members[name] = String(method === 8 ? inflateRawSync(data) : data);
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return members;
}

const cells = /<c r="([A-Z]+)(\d+)"[^>]*?(?:\/>|>(?:<is><t[^>]*>([^<]*)<\/t><\/is>|<v>([^<]*)<\/v>)<\/c>)/g;

// Texts by place: { A1: '区划代码', ... }; and the name of the sheet.
export function read(bytes) {
  const members = unzip(bytes);
  const found = {};
  for (const [, x, y, text, value] of members['xl/worksheets/sheet1.xml'].matchAll(cells)) {
    if ((text ?? value) !== undefined) found[x + y] = (text ?? value).replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
  }
  return { cells: found, sheet: /<sheet name="([^"]*)"/.exec(members['xl/workbook.xml'])[1] };
}

// The same workbook with other texts at these places.
export function corrected(bytes, texts) {
  const members = unzip(bytes);
  members['xl/worksheets/sheet1.xml'] = members['xl/worksheets/sheet1.xml'].replace(cells, (whole, x, y) => (texts[x + y] === undefined ? whole : cell(x + y, texts[x + y])));
  return zip(members);
}
