-- The databases of Comptoir and what its user may do; saying it again changes nothing.
create database if not exists erp character set utf8mb4;
create database if not exists warehouse character set utf8mb4;
grant all on erp.* to 'comptoir'@'%';
grant all on warehouse.* to 'comptoir'@'%';
-- Tests make databases of their own.
grant all on `test\_%`.* to 'comptoir'@'%';
-- What one consistent snapshot over several connections takes.
grant reload, process, replication client on *.* to 'comptoir'@'%';
