"""Lesson 09, unseen by the objective: what one score leaves open.

recall     – check yourself: three questions on lessons 02, 06 and 08
slider     – 1, the invisible slider: rate and distortion of one density, exercise 09.1
decides    – 2, who decides: the start, the decoder, free bits; exercise 09.4
worth      – 3, rate is not worth: decoders that see fewer pixels
plane      – 4, rate and distortion: reverse water-filling, exercise 09.2
prior      – 5, what could another prior gain: surgery, the hole, exercise 09.3
hierarchy  – 6, a hierarchy is a learned prior
samples    – 7, good samples and a good score
discrete   – 8, a discrete code: gradients of ten classes, exercise 09.5
clusters   – 9, clusters and likelihood
"""
