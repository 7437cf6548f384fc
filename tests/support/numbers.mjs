// tests/support/numbers.mjs - ID numbers and telephone numbers that nobody has: made up for one test, with a right check character.
const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const digits = (n) => Array.from({ length: n }, () => Math.floor(Math.random() * 10)).join('');

const given = new Set();

// None is given twice in one run.
export function citizenId(prefix = '431302') {
  let number = anyCitizenId(prefix);
  while (given.has(number)) number = anyCitizenId(prefix);
  given.add(number);
  return number;
}

function anyCitizenId(prefix) {
  const day = String(1 + Math.floor(Math.random() * 28)).padStart(2, '0');
  const body = `${prefix}19${60 + Math.floor(Math.random() * 40)}0${1 + Math.floor(Math.random() * 9)}${day}${digits(3)}`;
  const sum = weights.reduce((total, weight, i) => total + weight * Number(body[i]), 0);
  return body + '10X98765432'[sum % 11];
}

export const mobile = () => `13${digits(9)}`;
