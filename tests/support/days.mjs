// tests/support/days.mjs - civil days counted from today (Asia/Shanghai), for what has to lie ahead or behind on any day that the suites run. Asks no service.
const DAY_MS = 86_400_000;
const civil = (ms) => new Date(ms).toISOString().slice(0, 10);

// The day so many days from a day, or from today.
export const daysOn = (n, from = civil(Date.now() + 8 * 3600_000)) => civil(Date.parse(from) + n * DAY_MS);
export const thisYear = () => Number(daysOn(0).slice(0, 4));
// A day of next year, the last one that the suites' work-day calendar has (calendar.mjs).
export const nextYear = (monthDay) => `${thisYear() + 1}-${monthDay}`;
