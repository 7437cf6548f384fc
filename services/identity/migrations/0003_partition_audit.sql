-- Audit by month with before images, reasons and seals; on a database made with it already this does nothing.
CALL zeren.equip_audit('identity');
