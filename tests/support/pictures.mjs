// tests/support/pictures.mjs - files as people send them, made byte by byte: photographs with a place in them, documents with and without macros.
import { createHash } from 'node:crypto';
import { crc32, deflateSync } from 'node:zlib';

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
export const sm3 = (bytes) => createHash('sm3').update(bytes).digest('hex');

const u16 = (n) => Buffer.from([n >> 8, n & 255]);
const u32 = (n) => Buffer.from([n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]);
const entry = (tag, type, count, value) => Buffer.concat([u16(tag), u16(type), u32(count), value]);
const rational = (...parts) => Buffer.concat(parts.map(([a, b]) => Buffer.concat([u32(a), u32(b)])));

// EXIF of a telephone: maker, orientation, when, and 27°44'23" N 112°0'7" E.
export const place = rational([27, 1], [44, 1], [2300, 100]);
export function exif() {
  const maker = Buffer.from('HUAWEI\0\0');
  const taken = Buffer.from('2026:06:18 09:30:00\0');
  const ifd0 = 8, ifd0Size = 2 + 4 * 12 + 4;
  const makerAt = ifd0 + ifd0Size, takenAt = makerAt + maker.length, gps = takenAt + taken.length, latAt = gps + 2 + 4 * 12 + 4;
  return Buffer.concat([Buffer.from('MM\0*'), u32(ifd0), u16(4),
    entry(0x010f, 2, 7, u32(makerAt)), entry(0x0112, 3, 1, Buffer.from([0, 6, 0, 0])), entry(0x0132, 2, 20, u32(takenAt)), entry(0x8825, 4, 1, u32(gps)), u32(0),
    maker, taken, u16(4), entry(1, 2, 2, Buffer.from('N\0\0\0')), entry(2, 5, 3, u32(latAt)), entry(3, 2, 2, Buffer.from('E\0\0\0')), entry(4, 5, 3, u32(latAt + 24)),
    u32(0), place, rational([112, 1], [0, 1], [700, 100])]);
}

const segment = (marker, body) => Buffer.concat([Buffer.from([0xff, marker]), u16(body.length + 2), body]);

// The smallest grey JPEG of eight by eight, with whatever segments stand in front of its tables.
const jpegBody = Buffer.from('ffdb004300' + '01'.repeat(64) + 'ffc0000b080008000801011100' + 'ffc4001400' + '01' + '00'.repeat(15) + '00' + 'ffc4001410' + '01' + '00'.repeat(15) + '00'
  + 'ffda0008010100003f00' + '3f' + 'ffd9', 'hex');
export const xmp = segment(0xe1, Buffer.from('http://ns.adobe.com/xap/1.0/\0<x:xmpmeta exif:GPSLatitude="27,44.38N"/>'));
export const jpegWith = (...segments) => Buffer.concat([Buffer.from([0xff, 0xd8]), segment(0xe0, Buffer.from('JFIF\0\x01\x01\0\0\x01\0\x01\0\0')), ...segments, jpegBody]);
export const photo = (mark = '') => jpegWith(segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0'), exif()])), xmp, segment(0xe2, Buffer.from(`ICC_PROFILE\0\x01\x01${mark}`)));

const chunk = (type, data) => {
  const named = Buffer.concat([Buffer.from(type), data]);
  return Buffer.concat([u32(data.length), named, u32(crc32 ? crc32(named) : 0)]);
};
export const png = () => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', Buffer.concat([u32(1), u32(1), Buffer.from([8, 0, 0, 0, 0])])),
  chunk('tEXt', Buffer.from('Comment\0GPS 27.73,112.00')), chunk('eXIf', exif()), chunk('IDAT', deflateSync(Buffer.from([0, 0]))), chunk('IEND', Buffer.alloc(0))]);

// A zip of stored members.
export function zip(members, { encrypted = false } = {}) {
  const le16 = (n) => Buffer.from([n & 255, n >> 8]), le32 = (n) => Buffer.from([n & 255, (n >>> 8) & 255, (n >>> 16) & 255, n >>> 24]);
  const parts = [], central = [];
  let at = 0;
  for (const [name, text] of Object.entries(members)) {
    const [n, data] = [Buffer.from(name), Buffer.from(text)];
    const common = Buffer.concat([le16(20), le16(encrypted ? 1 : 0), le16(0), le32(0), le32(crc32(data)), le32(data.length), le32(data.length), le16(n.length)]);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, le16(0), n, data]);
    parts.push(local);
    central.push(Buffer.concat([Buffer.from('PK\x01\x02'), le16(20), common, le16(0), le16(0), le16(0), le16(0), le32(0), le32(at), n]));
    at += local.length;
  }
  const directory = Buffer.concat(central);
  return Buffer.concat([...parts, directory, Buffer.from('PK\x05\x06'), le16(0), le16(0), le16(central.length), le16(central.length), le32(directory.length), le32(at), le16(0)]);
}
export const docx = (more = {}) => zip({ '[Content_Types].xml': '<Types/>', 'word/document.xml': '<w:document/>', ...more });
export const pdf = (mark = '') => Buffer.from(`%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n%${mark}\ntrailer<</Root 1 0 R>>\n%%EOF\n`);
