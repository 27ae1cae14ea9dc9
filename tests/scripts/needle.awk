# Throws needles of length 1 on lines that are 1 apart; a line of progress each 20,000.
BEGIN {
    srand(seed)
    half_turn = atan2(0, -1)
    thrown = crossed = 0
    while (thrown < millions * 1000000) {
        for (i = 0; i < 20000; i++) {
            if (rand() / 2 <= sin(rand() * half_turn) / 2) crossed++
            thrown++
        }
        printf "thrown %d crossed %d pi %.6f\n", thrown, crossed, 2 * thrown / crossed
        fflush()
    }
}
