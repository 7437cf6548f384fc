-- A division's periods do not overlap, asked of a number made of its code: entries of text in such an index cost four times as much to write, so that a table of as many divisions as a call may
-- bring was not done in a statement's time; and a statement that looks for a code cannot take it for the key's index, which is fifteen times as fast. Two codes of one number would be refused
-- together: one chance in some ten million over the whole country.
ALTER TABLE registry.division
  DROP CONSTRAINT division_overlap,
  ADD CONSTRAINT division_overlap EXCLUDE USING gist (hashtextextended(code, 0) WITH =, daterange(valid_from, valid_to) WITH &&);
