# Made-up movements: windows of 128 samples at 50 Hz, acceleration x y z in g, then turning
# x y z in radians a second, as whole steps of 1/1024. One window a row with its class in
# front; with `-v stretch=1` a sample a line instead, and a blank line between windows.
BEGIN {
    seed = stretch ? 7 : 1
    names = "walking running standing lying"
    count = split(names, name, " ")
    if (!stretch) {
        printf "label"
        for (column = 1; column <= 768; column++) printf ",s%d", column
        print ""
    }
    for (row = 0; row < rows; row++) window(1 + row % count)
}
function uniform() { seed = (seed * 16807) % 2147483647; return seed / 2147483647 }
function noise() { return uniform() + uniform() + uniform() + uniform() - 2 }
function steps(value) { return int(value * 1024 + (value < 0 ? -0.5 : 0.5)) / 1024 }
function put(value) {
    printf "%s%.12g", comma, steps(value)
    comma = ","
}
function window(class,    pace, force, lean, start, at, phase, time, wave, beat) {
    pace = class == 2 ? 2.4 + 0.8 * uniform() : 1.5 + 0.6 * uniform()  # strides a second
    force = class == 1 ? 0.15 + 0.2 * uniform() : class == 2 ? 0.6 + 0.5 * uniform() : 0
    lean = 0.3 * noise()
    start = uniform()
    if (!stretch) printf "%s", name[class]
    for (at = 0; at < 128; at++) {
        comma = stretch && at < 128 ? "" : ","
        time = at / 50
        phase = 6.2831853 * (pace * time + start)
        wave = sin(phase); beat = sin(2 * phase + 0.7)
        if (class == 4) {
            put(0.1 * lean + 0.01 * noise()); put(cos(lean) + 0.01 * noise())
            put(sin(lean) + 0.01 * noise())
        } else {
            put(cos(lean) + force * wave + 0.02 * noise())
            put(sin(lean) + 0.5 * force * beat + 0.02 * noise())
            put(0.1 * lean + 0.4 * force * cos(phase) + 0.02 * noise())
        }
        put(force * 1.5 * wave + 0.02 * noise()); put(force * beat + 0.02 * noise())
        put(force * 0.8 * cos(phase) + 0.02 * noise())
        if (stretch) print ""
    }
    if (!stretch || row < rows - 1) print ""
}
