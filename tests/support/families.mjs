// tests/support/families.mjs - a family as it is sent, of whom the rules have nothing to say: somebody at its head, a grown one with numbers and health, a child under
// fourteen. Composed; knows no stack.
import { idNumber, mobile } from './numbers.mjs';

// The day that many years before today, Asia/Shanghai, moved by some days.
export function yearsAgo(years, days = 0) {
  const day = new Date(Date.now() + 8 * 3600_000);
  day.setUTCFullYear(day.getUTCFullYear() - years);
  return new Date(day.getTime() + days * 86_400_000).toISOString().slice(0, 10);
}

const han = (n) => Array.from({ length: n }, () => String.fromCodePoint(0x4e00 + Math.floor(Math.random() * 5000))).join('');
const someone = (more) => ({ ethnicity: '01', politics: '13', education: 'junior', labour: 'common', health: 'healthy', resident_medical: true, serious_illness_insurance: true,
  resident_pension: true, phone: mobile(), working_away: false, ...more });
const anyDay = () => Math.floor(Math.random() * 3000);

export function familyOf(division) {
  const born = yearsAgo(8);
  const [husband, wife] = [idNumber(yearsAgo(41, anyDay())), idNumber(yearsAgo(39, anyDay()), { male: false })];
  const child = { name: `童${han(4)}`, id_number: idNumber(born), ethnicity: '01', politics: '13', phone: mobile(), health: 'chronic,disabled', relation: 'son', student_status: 'primary',
    labour: 'none', resident_medical: true, serious_illness_insurance: true };
  child.disability_card = `${child.id_number}43`;
  const grown = someone({ name: `钱${han(3)}`, relation: 'spouse', id_number: wife, health: 'disabled,serious', labour: 'weak' });
  grown.disability_card = `${wife}21`;
  const head = someone({ name: `赵${han(3)}`, relation: 'head', id_number: husband });
  return { body: { owner_division: division, household_type: 'general', address: `仙人阁社区${han(3)}`, members: [head, grown, child] }, head, grown, child: { ...child, birth_on: born } };
}
