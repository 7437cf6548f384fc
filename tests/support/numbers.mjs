// tests/support/numbers.mjs - numbers that nobody else has: ID numbers with a right check character, telephones, addresses of clients. Made up.
import { checked } from './id_check.mjs';
import { range, serial, take } from './taken.mjs';

const digits = (n, length) => String(n).padStart(length, '0');
const any = (n) => Math.floor(Math.random() * n);

// A process has places of its own, 43 and four digits of no county that there is; in each of them 500 people of a sex are born on a day.
const places = [];
const births = new Map();
function ownBody(day, male) {
  const key = `${day}${male}`, n = births.get(key) ?? { count: 0, from: any(500) };
  births.set(key, n);
  const nth = Math.floor(n.count / 500);
  places[nth] ??= `43${5000 + serial('id_places', { size: 1, blocks: 5000 })}`;
  return `${places[nth]}${day}${digits(2 * ((n.from + n.count++) % 500) + (male ? 1 : 0), 3)}`;
}

function* ordersOf(place, day, male) {
  for (const order of range(male ? 1 : 0, 999, 2)) yield `${place}${day}${digits(order, 3)}`;
}

// Of somebody born on that day, YYYY-MM-DD; of a place, where a test is about the place.
export function idNumber(born, { male = true, place } = {}) {
  const day = born.replaceAll('-', '');
  return checked(place === undefined ? ownBody(day, male) : take('id_numbers', ordersOf(place, day, male)));
}

// Of somebody grown up and at work, whom no rule of age has anything to say of.
export const citizenId = (place) => idNumber(`19${75 + any(25)}-0${1 + any(9)}-${digits(1 + any(28), 2)}`, { male: any(2) === 1, place });

// Neighbours in number that look as little alike as others.
const spread = (n, factor, modulus) => Number((BigInt(n) * BigInt(factor)) % BigInt(modulus));
export const mobile = () => `13${digits(spread(serial('phones', { size: 10_000, blocks: 100_000 }) + 1, 387_420_489, 1_000_000_000), 9)}`;

// Where a client calls from.
export function newAddress() {
  const n = serial('addresses', { size: 4096, blocks: 4096 });
  return `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
}
