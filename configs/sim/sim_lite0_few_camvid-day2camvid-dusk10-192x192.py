_base_ = './sim_lite0_few_camvid-day2camvid-dusk-192x192.py'
train_dataloader = dict(dataset=dict(few_shot=10))
