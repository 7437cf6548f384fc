// tests/contract/findings.mjs FILE CONTRACT - redocly's JSON report as one line a finding.
import { readFileSync } from "node:fs";

const [file, contract] = process.argv.slice(2);
for (const { severity, ruleId, message, location } of JSON.parse(readFileSync(file, "utf8")).problems) {
  console.log(`${contract}${location[0]?.pointer ?? ""} ${severity} ${ruleId} ${message.replace(/\s+/g, " ")}`);
}
