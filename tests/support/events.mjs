// tests/support/events.mjs - what a service has announced, numbered by its feed already or not yet: a table expression for one snapshot. Has no
// connection of its own.
export const announced = (service) => `(SELECT seq AS n, 0 AS waiting, verb, kind AS record, id AS record_id, version, owner_division FROM ${service}.event WHERE NOT has_left
  UNION ALL SELECT id, 1, verb, record, record_id, version, owner_division FROM ${service}.outbox)`;
