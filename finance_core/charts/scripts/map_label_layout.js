// How large a label is: as its area has room. None where the change would be cut: "-1" is not what "-17.27%" says.
() =>
  ({ rect, text }) => {
    const [name, change] = (text ?? "").split("\n");
    if (!change) return {};
    const SMALLEST = 9, CUT = 12, LARGEST = 22; // in pixels; up to CUT a name may be cut, so that the change has room
    const LETTER = 0.62, SYLLABLE = 1; // widths, in font sizes
    const width = (line) => [...line].reduce((sum, letter) => sum + (letter < "\u1100" ? LETTER : SYLLABLE), 0);
    const room = rect.width - 6;
    const whole = room / Math.max(width(name), width(change));
    const size = Math.min(whole > CUT ? whole : Math.min(room / width(change), CUT), rect.height / 3, LARGEST);
    return { fontSize: size < SMALLEST ? 0.01 : Math.floor(size) };
  }
