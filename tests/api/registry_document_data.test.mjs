// tests/api/registry_document_data.test.mjs - the documents, classes, goals and plans that are shipped (deploy/data/registry) are taken by the API, and count what their sources
// count: 15 local and 8 department duties, 7 mechanisms, six regimes, eight mechanisms, three classes of eight counties and a new area.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { unique, uuid } from '../support/client.mjs';
import { assertDone, assertRecord } from '../support/assert.mjs';
import { goalBody, lineBody, needBody, newPlan } from '../support/documents.mjs';
import { root } from '../support/settings.mjs';
import { county, louxing } from '../support/world.mjs';

const at = `${root}deploy/data/registry/`;
const names = readdirSync(`${at}documents`).map((file) => file.replace('.json', ''));
const documentOf = (name) => JSON.parse(readFileSync(`${at}documents/${name}.json`, 'utf8'));
const dutiesOf = (name) => documentOf(name).clauses.flatMap((c) => c.duties ?? []);
const table = (file) => {
  const [heading, ...lines] = readFileSync(at + file, 'utf8').trim().split('\n').map((line) => line.split(','));
  return lines.map((cells) => Object.fromEntries(cells.map((cell, i) => [heading[i], cell])));
};
const rehearse = async (path, body) => assertDone(await county.call('POST', path, { body, query: { validate_only: true } }));

for (const name of names) {
  test(`${name} is taken whole, and says that its texts are composed`, async () => {
    const document = documentOf(name);
    assert.equal(document.assumed, true);
    const made = await rehearse('/registry/documents', { ...document, id: uuid(), owner_division: louxing });
    assertRecord(made, { title: document.title, n_clauses: document.clauses.length, n_duties: dutiesOf(name).length });
  });
}

const count = (name, beginning) => dutiesOf(name).filter((d) => d.number.startsWith(beginning)).length;

test('Hubei: 27 articles, 15 local and 8 department duties, 7 mechanisms, first responsible on four levels', () => {
  assert.equal(documentOf('hubei_rules').clauses.length, 27);
  assert.deepEqual(['地方-', '部门-', '机制-', '层级-'].map((b) => count('hubei_rules', b)), [15, 8, 7, 4]);
  const first = dutiesOf('hubei_rules').filter((d) => d.subject === 'first_responsible' && d.level);
  assert.deepEqual(first.map((d) => d.level), [2, 3, 4, 5]);
});

test('Dali: six regimes, key work by seven fields; Qingcheng: eight mechanisms', () => {
  assert.deepEqual([documentOf('dali_regimes').clauses.length, documentOf('qingcheng_mechanisms').clauses.length], [6, 8]);
  assert.equal(new Set(dutiesOf('dali_regimes').filter((d) => d.number.startsWith('3-')).map((d) => d.topic)).size, 8); // seven fields, and all together
});

test('Qianxinan: seven tasks of the prefecture, six of a county, and who is responsible how', () => {
  assert.deepEqual([count('qianxinan_opinion', '州-1'), count('qianxinan_opinion', '县-1')], [7, 6]);
  const who = (level) => [...new Set(dutiesOf('qianxinan_opinion').filter((d) => d.level === level).map((d) => d.subject))];
  for (const level of [2, 3]) for (const subject of ['main_body', 'first_responsible', 'direct']) assert.ok(who(level).includes(subject), `${level} ${subject}`);
  assert.deepEqual(who(4), ['direct', 'specific']);
  assert.deepEqual(who(5), ['village_committee', 'first_secretary', 'work_team']);
});

test('classes: eight counties and a new area with its towns; goals by 2021, 2023 and 2025 for each class', async () => {
  const classes = table('division_classes.csv');
  const of = (name) => classes.filter((c) => c.class === name).length;
  assert.deepEqual([classes.length, of('leading'), of('key'), of('foundation')], [9, 4, 2, 3]);
  assert.ok(classes.every((c) => documentOf(c.document).clauses.some((k) => k.number === c.clause)));
  const [area] = table('areas.csv');
  assert.ok(classes.some((c) => c.division === area.code));
  assert.equal(area.members.split(';').length, 9);
  const goals = table('stage_goals.csv');
  for (const name of ['leading', 'key', 'foundation']) assert.deepEqual(goals.filter((g) => g.class === name).map((g) => g.by_year), ['2021', '2023', '2025'], name);
  for (const g of goals) {
    const target = g.target ? { target: g.target, unit_of_measure: g.unit_of_measure } : {};
    await rehearse('/registry/stage_goals', goalBody({ by_year: Number(g.by_year), text: g.text, ...(g.class ? { class: g.class } : {}), ...target }));
  }
});

test('plans: their lines and needs are taken', async () => {
  const plans = JSON.parse(readFileSync(`${at}plans.json`, 'utf8'));
  assert.equal(plans.length, 3);
  for (const { lines, needs, document, id, owner_division, ...body } of plans) {
    const plan = await newPlan({ ...body, title: unique(body.title) });
    for (const line of lines) await rehearse('/registry/plan_lines', lineBody(plan, line));
    for (const { line, ...need } of needs) {
      assert.ok(lines.some((l) => l.number === line), need.name);
      await rehearse('/registry/investment_needs', needBody(plan, need));
    }
    assert.ok(names.includes(document) && owner_division.startsWith('5329') && id);
  }
});
