// Says what a page knows of an image, for its larger view: lines of words, and the images to compare it with.
import { percent, shortNumber } from "./dom.js";

const MOST_BESIDE = 3;

/** Look up, for each image, what was found of it. Return {lines(number, group, distance), beside(number)}. */
export function knowledgeOf(page) {
  const { confidences, notes } = page.images;
  const findings = findingsByImage(page.findings);
  const outliers = new Map((page.outliers?.rows ?? []).map((row) => [row.image, row]));
  const twins = twinsByImage(page.findings, findings);

  /** The lines about image `number`. `group`: the name of its group; `distance`: how odd it is in it, or null. */
  function lines(number, group, distance) {
    const sure = confidences?.[number] ?? null;
    const found = findings.get(number) ?? [];
    const isSaid = found.some(({ detail }) => detail === notes?.[number]);
    return [
      group,
      distance !== null && `distance ${shortNumber(distance)}`,
      sure !== null && `confidence ${percent(sure)}`,
      !isSaid && notes?.[number],
      ...found.map(findingWords),
      ...outlierWords(outliers.get(number)),
    ].filter(Boolean);
  }

  /** The images to compare image `number` with: [{number, words}]. */
  function beside(number) {
    const nearest = outliers.get(number)?.nearest ?? null;
    const alike = nearest === null ? [] : [{ number: nearest, words: "nearest normal image" }];
    return [...(twins.get(number) ?? []), ...alike].slice(0, MOST_BESIDE);
  }

  return { lines, beside };
}

/** Write a finding in words: "blurred: 12.5 (limit 40)". */
function findingWords({ reason, value, threshold, detail }) {
  const limit = threshold === null ? "" : ` (limit ${shortNumber(threshold)})`;
  const measure = value === null ? "" : `${shortNumber(value)}${limit}`;
  const facts = [measure, detail].filter(Boolean).join(", ");
  return facts ? `${reason}: ${facts}` : reason;
}

function outlierWords(row) {
  if (!row) return [];
  return [`outlier ${row.rank}`, row.score !== null && `score ${shortNumber(row.score)}`, row.farthest && `far from ${row.farthest}`];
}

function findingsByImage(findings) {
  const byImage = new Map();
  for (const [reason, rows] of Object.entries(findings?.reasons ?? {})) {
    for (const row of rows) {
      if (row.image !== null) byImage.set(row.image, [...(byImage.get(row.image) ?? []), { ...row, reason }]);
    }
  }
  return byImage;
}

/** A copy stands beside the image that it equals, and that one beside its copies. */
function twinsByImage(findings, byImage) {
  const twins = new Map();
  const isNear = (number) => !byImage.get(number)?.some(({ reason }) => reason === "duplicate");
  const add = (number, other, copy) => {
    const words = isNear(copy) ? "looks like this image" : "equals this image";
    twins.set(number, [...(twins.get(number) ?? []), { number: other, words }]);
  };
  for (const { kept, others } of findings?.duplicates ?? []) {
    for (const other of others) {
      add(other, kept, other);
      add(kept, other, other);
    }
  }
  return twins;
}
