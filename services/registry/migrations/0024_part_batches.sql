-- The registry's batches have what tables of several parts need, too (proto/batches.md, B-014): the engine's statements name it.
CALL zeren.equip_batch_parts('registry');
