/** Photos as small as they may be: a thin line takes a minute for what a phone's camera makes. */

const MOST_PX = 1600;
const QUALITY = 0.8;

/** How large a picture is drawn that is not to be wider or higher than `most`. */
export function fitted(width: number, height: number, most = MOST_PX): [width: number, height: number] {
  const scale = Math.min(1, most / Math.max(width, height, 1));
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

/**
 * A JPEG of at most 1600 px. What the camera wrote about itself and the place stays behind.
 *
 * @throws DOMException - The browser cannot read it.
 */
export async function shrunk(file: Blob): Promise<Blob> {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const [width, height] = fitted(picture.width, picture.height);
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.drawImage(picture, 0, 0, width, height);
  picture.close();
  return new Promise((done, failed) => {
    canvas.toBlob(
      (made) => {
        if (made === null) failed(new DOMException("no picture", "EncodingError"));
        else done(made);
      },
      "image/jpeg",
      QUALITY,
    );
  });
}
