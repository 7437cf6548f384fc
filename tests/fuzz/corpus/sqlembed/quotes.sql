-- name: x :page
-- sort: a, id
-- key: id
SELECT ':a', E'\':a', "c:a", $$:a;$$, $f$ :a $$ $f$, :b::text /* :c /* */ */ -- :d
;
