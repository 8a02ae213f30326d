"""Short spoken contact-centre calls as mono mp3; the simulated organisation builds every recording from them."""
